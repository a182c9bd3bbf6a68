/** A cube with one picture on all of its faces, in plain WebGL. Knows nothing of servers. */

type Vector = [number, number, number];

/** Outward normal and the direction that is up in the picture, for each face. */
const FACES: [Vector, Vector][] = [
  [[0, 0, 1], [0, 1, 0]],
  [[0, 0, -1], [0, 1, 0]],
  [[1, 0, 0], [0, 1, 0]],
  [[-1, 0, 0], [0, 1, 0]],
  [[0, 1, 0], [0, 0, -1]],
  [[0, -1, 0], [0, 0, 1]],
]; // biome-ignore format: a table

const cross = (a: Vector, b: Vector): Vector => [
  a[1] * b[2] - a[2] * b[1],
  a[2] * b[0] - a[0] * b[2],
  a[0] * b[1] - a[1] * b[0],
];

/** Six vertices for each face: position (3), normal (3), place in the picture (2; from the top left, as pictures are stored). */
export function cubeVertices(): number[] {
  const vertices: number[] = [];
  for (const [normal, up] of FACES) {
    const right = cross(up, normal); // seen from outside, so that right × up points at the viewer and nothing is mirrored
    for (const [a, b] of [
      [-1, -1],
      [1, -1],
      [1, 1],
      [-1, -1],
      [1, 1],
      [-1, 1],
    ] as [number, number][]) {
      const at = normal.map((n, i) => n + a * (right[i] ?? 0) + b * (up[i] ?? 0));
      vertices.push(...at, ...normal, (a + 1) / 2, (1 - b) / 2);
    }
  }
  return vertices;
}

/** Column-major matrix that turns by `yaw` about the vertical and then by `pitch` about the horizontal, radians. */
export function turned(yaw: number, pitch: number): number[] {
  const [c, s, d, t] = [Math.cos(yaw), Math.sin(yaw), Math.cos(pitch), Math.sin(pitch)];
  return [c, s * t, -s * d, 0, 0, d, t, 0, s, -c * t, c * d, 0, 0, 0, 0, 1];
}

const VERTEX = `
attribute vec3 position; attribute vec3 normal; attribute vec2 place;
uniform mat4 turn; uniform vec2 scale;
varying vec2 at; varying float light;
void main() {
  vec4 p = turn * vec4(position, 1.0);
  at = place;
  light = 0.72 + 0.28 * max(0.0, (turn * vec4(normal, 0.0)).z);
  float z = p.z - 5.2;
  gl_Position = vec4(p.xy * scale, -z * 1.2 - 4.4, -z);
}`;

const FRAGMENT = `
precision mediump float;
uniform sampler2D picture; uniform vec3 ground; uniform vec2 fill;
varying vec2 at; varying float light;
void main() {
  vec2 place = (at - 0.5) * fill + 0.5; // the picture keeps its shape
  vec4 texel = texture2D(picture, place);
  if (place != clamp(place, 0.0, 1.0)) texel.a = 0.0;
  vec2 edge = min(at, 1.0 - at);
  float rim = step(min(edge.x, edge.y), 0.008);
  gl_FragColor = vec4(mix(mix(ground, texel.rgb, texel.a), vec3(0.45), rim) * light, 1.0);
}`;

const STRIDE = 8 * Float32Array.BYTES_PER_ELEMENT;

export class Cube {
  private readonly gl: WebGLRenderingContext;
  private program: WebGLProgram | null = null;
  private picture: ImageBitmap | null = null;
  private uploaded = false;

  /** Throws where there is no WebGL. `onLost` hears when the graphics context goes and when it is back. */
  constructor(
    private readonly canvas: HTMLCanvasElement,
    onLost: (lost: boolean) => void,
  ) {
    const gl = canvas.getContext("webgl", { antialias: true });
    if (!gl) throw new Error("no WebGL");
    this.gl = gl;
    canvas.addEventListener("webglcontextlost", (event) => {
      event.preventDefault(); // else it would never come back
      this.program = null;
      onLost(true);
    });
    canvas.addEventListener("webglcontextrestored", () => {
      this.begin();
      onLost(false);
    });
    this.begin();
  }

  /** Whether there is something to draw with. */
  get ready(): boolean {
    return this.program !== null;
  }

  /** Take a new picture for all faces; it is closed when the next comes. */
  show(picture: ImageBitmap): void {
    this.picture?.close();
    this.picture = picture;
    this.uploaded = false;
  }

  draw(yaw: number, pitch: number): void {
    const { gl, program, canvas } = this;
    if (!program) return;
    this.upload();
    gl.viewport(0, 0, canvas.width, canvas.height);
    gl.clearColor(0, 0, 0, 0);
    gl.clear(gl.COLOR_BUFFER_BIT | gl.DEPTH_BUFFER_BIT);
    if (!this.picture) return;
    const side = Math.min(canvas.width, canvas.height) * 2.7;
    gl.uniform2f(gl.getUniformLocation(program, "scale"), side / canvas.width, side / canvas.height);
    gl.uniformMatrix4fv(gl.getUniformLocation(program, "turn"), false, turned(yaw, pitch));
    const { width, height } = this.picture;
    const longest = Math.max(width, height);
    gl.uniform2f(gl.getUniformLocation(program, "fill"), longest / width, longest / height);
    gl.uniform3f(gl.getUniformLocation(program, "ground"), 0.93, 0.94, 0.96);
    gl.drawArrays(gl.TRIANGLES, 0, 36);
  }

  private upload(): void {
    const { gl } = this;
    if (this.uploaded || !this.picture) return;
    gl.texImage2D(gl.TEXTURE_2D, 0, gl.RGBA, gl.RGBA, gl.UNSIGNED_BYTE, this.picture);
    this.uploaded = true;
  }

  private begin(): void {
    const { gl } = this;
    const program = gl.createProgram();
    for (const [kind, source] of [
      [gl.VERTEX_SHADER, VERTEX],
      [gl.FRAGMENT_SHADER, FRAGMENT],
    ] as const) {
      const shader = gl.createShader(kind);
      if (!shader) return;
      gl.shaderSource(shader, source);
      gl.compileShader(shader);
      gl.attachShader(program, shader);
    }
    gl.linkProgram(program);
    if (!gl.getProgramParameter(program, gl.LINK_STATUS)) {
      if (gl.isContextLost()) return;
      throw new Error(`no WebGL: ${gl.getProgramInfoLog(program)}`);
    }
    gl.useProgram(program);
    gl.bindBuffer(gl.ARRAY_BUFFER, gl.createBuffer());
    gl.bufferData(gl.ARRAY_BUFFER, new Float32Array(cubeVertices()), gl.STATIC_DRAW);
    for (const [name, count, at] of [
      ["position", 3, 0],
      ["normal", 3, 3],
      ["place", 2, 6],
    ] as const) {
      const place = gl.getAttribLocation(program, name);
      gl.enableVertexAttribArray(place);
      gl.vertexAttribPointer(place, count, gl.FLOAT, false, STRIDE, at * Float32Array.BYTES_PER_ELEMENT);
    }
    gl.bindTexture(gl.TEXTURE_2D, gl.createTexture());
    // Clamped and without mipmaps, so that WebGL 1 takes pictures of any size.
    gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_WRAP_S, gl.CLAMP_TO_EDGE);
    gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_WRAP_T, gl.CLAMP_TO_EDGE);
    gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_MIN_FILTER, gl.LINEAR);
    gl.enable(gl.DEPTH_TEST);
    this.uploaded = false;
    this.program = program;
  }
}

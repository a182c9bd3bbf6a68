/** The scene's surfaces as glTF, turned in the page itself. Coordinates stay RAS mm: both are right-handed, so nothing is swapped. */
import * as THREE from "three";
import { OrbitControls } from "three/addons/controls/OrbitControls.js";
import { GLTFLoader } from "three/addons/loaders/GLTFLoader.js";
import { here } from "../net/place";
import { ask, NoAnswer } from "./asking";
import { DIRECTIONS, type Direction, eyeOf } from "./directions";
import { byId, sayServer } from "./page";

const SOURCE = "/slicer/threeDGraphics";
const VIEW_ANGLE = 30; // as Slicer's
const ALONG = 0.95;
const GROUND: [string, string] = ["#c1c3e8", "#7478be"]; // Slicer's, bottom and top

const surface = byId("surface");
const notice = byId("notice");
const camera = new THREE.PerspectiveCamera(VIEW_ANGLE, 1, 1, 10_000);
camera.up.set(0, 0, 1); // superior is up
const world = new THREE.Scene();
const loader = new GLTFLoader();
const box = new THREE.Box3();
const letters = new Map<Direction, HTMLElement>();
let renderer: THREE.WebGLRenderer | null = null;
let controls: OrbitControls | null = null;
let model: THREE.Object3D | null = null;
let wanted = true;
let loading = false;

function begin(): void {
  try {
    renderer = new THREE.WebGLRenderer({ antialias: true, alpha: true });
  } catch {
    notice.textContent = "This browser shows no WebGL here, which this page needs. The 3D view as a picture:";
    const picture = new Image();
    picture.src = here("/threeD?size=512");
    picture.alt = "3D view";
    surface.replaceChildren(picture);
    surface.style.background = "none";
    return;
  }
  surface.style.background = `linear-gradient(${GROUND[1]}, ${GROUND[0]})`;
  renderer.setPixelRatio(Math.min(devicePixelRatio, 2));
  surface.prepend(renderer.domElement);
  renderer.domElement.setAttribute("aria-hidden", "true");
  renderer.domElement.addEventListener("webglcontextlost", () => {
    notice.textContent = "The graphics context was lost; it comes back by itself.";
  });
  renderer.domElement.addEventListener("webglcontextrestored", () => {
    notice.textContent = "";
    wanted = true;
  });
  world.add(new THREE.HemisphereLight("#ffffff", "#8f8f98", 0.9));
  const lamp = new THREE.DirectionalLight("#ffffff", 1.6);
  camera.add(lamp); // a headlight, as Slicer's
  world.add(camera);
  controls = new OrbitControls(camera, renderer.domElement);
  controls.addEventListener("change", () => {
    wanted = true;
  });
  for (const direction of DIRECTIONS) {
    const letter = document.createElement("span");
    letter.textContent = direction;
    letter.className = "letter";
    letter.setAttribute("aria-hidden", "true");
    letters.set(direction, letter);
    surface.append(letter);
  }
  new ResizeObserver(resize).observe(surface);
  resize();
  draw();
}

function resize(): void {
  if (!renderer) return;
  const [width, height] = [Math.max(1, surface.clientWidth), Math.max(1, surface.clientHeight)];
  renderer.setSize(width, height, false);
  camera.aspect = width / height;
  camera.updateProjectionMatrix();
  wanted = true;
}

function draw(): void {
  requestAnimationFrame(draw);
  if (!wanted || !renderer) return;
  wanted = false;
  renderer.render(world, camera);
  placeLetters();
}

/** Letters stand where the box around the scene has its sides. */
function placeLetters(): void {
  const middle = box.getCenter(new THREE.Vector3());
  const half = box.getSize(new THREE.Vector3()).multiplyScalar(0.55);
  const ahead = camera.getWorldDirection(new THREE.Vector3());
  for (const [direction, letter] of letters) {
    const side = new THREE.Vector3(...eyeOf(direction));
    const at = side.clone().multiply(half).add(middle).project(camera);
    const beside = Math.abs(side.dot(ahead)) < ALONG; // letters straight ahead would lie on each other
    const seen = model !== null && beside && at.z < 1 && Math.abs(at.x) < 0.98 && Math.abs(at.y) < 0.98;
    letter.hidden = !seen;
    letter.style.left = `${(at.x + 1) * 50}%`;
    letter.style.top = `${(1 - at.y) * 50}%`;
  }
}

function lookFrom(direction: Direction): void {
  if (!controls || box.isEmpty()) return;
  const middle = box.getCenter(new THREE.Vector3());
  const radius = box.getSize(new THREE.Vector3()).length() / 2;
  const angle = (VIEW_ANGLE / 2) * Math.min(1, camera.aspect);
  const distance = radius / Math.sin((angle * Math.PI) / 180);
  const eye = new THREE.Vector3(...eyeOf(direction));
  // Orbit controls turn about superior, and straight along it they need a hint of where up is: anterior, as in Slicer.
  if (direction === "S") eye.y = -1e-4;
  if (direction === "I") eye.y = 1e-4;
  controls.target.copy(middle);
  camera.position.copy(middle).addScaledVector(eye, distance);
  camera.near = Math.max(0.1, distance / 100);
  camera.far = distance + radius * 20;
  camera.updateProjectionMatrix();
  controls.update();
  wanted = true;
}

async function load(): Promise<void> {
  if (loading || !renderer) return;
  loading = true;
  byId<HTMLButtonElement>("reload").disabled = true;
  notice.textContent = "Loading the surfaces…";
  try {
    const boxed = byId<HTMLInputElement>("boxed").checked ? "?boxVisible=true" : "";
    const text = await (await ask(SOURCE + boxed)).text();
    const parsed = await loader.parseAsync(text, "");
    take(parsed.scene);
    sayServer("Loaded", true);
    notice.textContent = "";
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    notice.textContent = model ? `Not loaded anew, what is shown is from before: ${message}` : message;
    if (error instanceof NoAnswer) sayServer(error.message, false);
    setTimeout(load, error instanceof NoAnswer ? error.retryMs * 3 : 10_000);
  } finally {
    loading = false;
    byId<HTMLButtonElement>("reload").disabled = false;
  }
}

function take(next: THREE.Object3D): void {
  const first = model === null;
  if (model) {
    world.remove(model);
    dispose(model);
  }
  model = next;
  world.add(next);
  next.updateMatrixWorld(true);
  box.setFromObject(next);
  let [parts, triangles, mirrored] = [0, 0, 0];
  next.traverse((object) => {
    if (!(object instanceof THREE.Mesh)) return;
    parts += 1;
    triangles += (object.geometry.index?.count ?? object.geometry.attributes.position?.count ?? 0) / 3;
    if (object.matrixWorld.determinant() < 0) mirrored += 1;
    const material = object.material as THREE.MeshStandardMaterial;
    material.side = THREE.DoubleSide; // surfaces of segments are open where the volume ends
    if (!object.geometry.attributes.normal) object.geometry.computeVertexNormals();
    if (material.opacity < 1) {
      material.transparent = true;
      material.depthWrite = false;
    }
    if ("metalness" in material) material.metalness = 0; // else black without surroundings to reflect
  });
  byId("parts").textContent = String(parts);
  byId("triangles").textContent = Math.round(triangles).toLocaleString("en");
  byId("handed").textContent = mirrored === 0 ? "right-handed RAS" : `${mirrored} parts are mirrored`;
  byId("loaded").textContent = new Date().toLocaleTimeString();
  if (first) lookFrom("A");
  wanted = true;
}

function dispose(object: THREE.Object3D): void {
  object.traverse((part) => {
    if (!(part instanceof THREE.Mesh)) return;
    part.geometry.dispose();
    (part.material as THREE.Material).dispose();
  });
}

const TURN = Math.PI / 36;
surface.addEventListener("keydown", (event) => {
  const step = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key];
  const zoom = { "+": 0.9, "=": 0.9, "-": 1 / 0.9 }[event.key];
  const letter = event.key.toUpperCase() as Direction;
  if (!controls || event.ctrlKey || event.metaKey || event.altKey) return;
  if (step || zoom) {
    const arm = camera.position.clone().sub(controls.target);
    const around = new THREE.Spherical().setFromVector3(new THREE.Vector3(arm.x, arm.z, -arm.y));
    around.theta -= (step?.[0] ?? 0) * TURN;
    around.phi = Math.min(Math.max(around.phi - (step?.[1] ?? 0) * TURN, 0.01), Math.PI - 0.01);
    around.radius *= zoom ?? 1;
    const { x, y, z } = new THREE.Vector3().setFromSpherical(around);
    camera.position.copy(controls.target).add(new THREE.Vector3(x, -z, y));
    controls.update();
    wanted = true;
  } else if (DIRECTIONS.includes(letter)) lookFrom(letter);
  else return;
  event.preventDefault();
});
for (const button of document.querySelectorAll<HTMLButtonElement>("[data-look]"))
  button.addEventListener("click", () => lookFrom(button.dataset.look as Direction));
byId("reload").addEventListener("click", () => void load());
byId("boxed").addEventListener("change", () => void load());
begin();
void load();

/** For tests and the curious: where a point of the patient (RAS mm) lies on the picture, in fractions from the top left. */
Object.assign(window, {
  gltf: {
    place(r: number, a: number, s: number): [number, number] {
      const at = new THREE.Vector3(r, a, s).project(camera);
      return [(at.x + 1) / 2, (1 - at.y) / 2];
    },
    parts: () => Number(byId("parts").textContent) || 0,
  },
});

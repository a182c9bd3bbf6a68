/** The orientation marker: a cube in the corner of a view that turns with it. */
import type { ViewState } from "../../net/protocol";
import { showMarker } from "../../state/viewing";
import { cubeTransform, FACES, faceTransform } from "../../view/marker";

const EDGE_PX = 30;

export function Marker({ state }: { state: ViewState }) {
  if (!showMarker.value) return null;
  return (
    <div class="marker" aria-hidden="true">
      <div style={{ transform: cubeTransform(state) }}>
        {FACES.map((face) => (
          <span
            key={face.letter}
            class={`face-${face.letter}`}
            style={{ transform: faceTransform(face, EDGE_PX) }}
          >
            {face.letter}
          </span>
        ))}
      </div>
    </div>
  );
}

/** How large segments are, and how bright what is in them. */
import type { Segmentation } from "../../../net/segments";
import { measureAll, measures } from "../../../state/segments/segments";
import { SEGMENTS } from "./texts";

export function Sizes({ node }: { node: Segmentation }) {
  const found = measures.value;
  return (
    <>
      <button type="button" disabled={node.busy !== ""} onClick={() => void measureAll()}>
        {SEGMENTS.measure}
      </button>
      {found && (
        <table class="sizes">
          <thead>
            <tr>
              <th scope="col">{SEGMENTS.title}</th>
              <th scope="col">{SEGMENTS.volumeHead}</th>
              <th scope="col">{SEGMENTS.meanHead}</th>
            </tr>
          </thead>
          <tbody>
            {node.segments.map(({ id, name }) => {
              const one = found[id];
              if (!one) return null;
              return (
                <tr key={id}>
                  <th scope="row">{name}</th>
                  <td>{SEGMENTS.ml(one.ml)}</td>
                  <td>
                    {one.mean !== null && one.deviation !== null
                      ? SEGMENTS.mean(one.mean, one.deviation)
                      : "–"}
                  </td>
                </tr>
              );
            })}
          </tbody>
        </table>
      )}
    </>
  );
}

/** Files of the segmentation. */
import { useState } from "preact/hooks";
import { fileOf } from "../../../net/nodes";
import { archive, dicomOf, type Segmentation } from "../../../net/segments";
import { attempt } from "../../../state/segments/segments";
import { toast } from "../../../state/store";
import { SEGMENTS } from "./texts";

export function Save({ node }: { node: Segmentation }) {
  const [isBusy, setBusy] = useState(false);
  const name = node.name.replace(/[\s/\\]+/g, "_") || "segmentation";
  const busily = async (work: () => Promise<unknown>) => {
    setBusy(true);
    await attempt(work);
    setBusy(false);
  };
  return (
    <div class="buttons">
      <a class="button" href={fileOf(node.id, `${name}.seg.nrrd`)} download={`${name}.seg.nrrd`}>
        {SEGMENTS.nrrd}
      </a>
      <button
        type="button"
        disabled={isBusy}
        onClick={() => void busily(async () => give(await dicomOf(node.id), `${name}.dcm`))}
      >
        {SEGMENTS.dicom}
      </button>
      <button
        type="button"
        disabled={isBusy}
        onClick={() =>
          void busily(async () => {
            await archive(node.id);
            toast(SEGMENTS.archived);
          })
        }
      >
        {SEGMENTS.archive}
      </button>
    </div>
  );
}

/** Have the browser save it. */
function give(file: Blob, name: string): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(file);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}

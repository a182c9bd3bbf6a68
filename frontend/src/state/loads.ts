/** What was asked to be loaded in this visit: how far it is, and why what failed has failed, until it is dismissed or tried again. */
import { signal } from "@preact/signals";
import { askApi } from "../net/ask";
import { uploadAndLoad } from "../net/upload";
import { SHELL } from "../ui/shell/texts";
import { progress, scene, toast } from "./store";

export interface Load {
  id: number;
  what: string;
  state: "running" | "failed";
  /** Of an upload, 0 to 1; null while the server reads. */
  fraction: number | null;
  fault: string;
  again: () => void;
}

interface Outcome {
  loaded: { name: string }[];
  warnings: string[];
}

const KEPT = 20;

export const loads = signal<Load[]>([]);
let last = 0;

function change(id: number, values: Partial<Load>): void {
  loads.value = loads.value.map((load) => (load.id === id ? { ...load, ...values } : load));
}

export function forgetLoad(id: number): void {
  loads.value = loads.value.filter((load) => load.id !== id);
}

/** Load something and keep what becomes of it; whether it was loaded. Never throws. */
async function follow(
  what: string,
  work: (told: (fraction: number) => void) => Promise<Outcome>,
): Promise<boolean> {
  last += 1;
  const id = last;
  const again = () => {
    forgetLoad(id);
    void follow(what, work);
  };
  const load: Load = { id, what, state: "running", fraction: null, fault: "", again };
  loads.value = [...loads.value.slice(1 - KEPT), load];
  try {
    const done = await work((fraction) => {
      const sent = fraction < 1 ? fraction : null;
      change(id, { fraction: sent });
      const text = sent === null ? SHELL.loadingWhat(what) : SHELL.uploading(what);
      progress.value = { text, fraction: sent };
    });
    for (const warning of done.warnings) toast(warning, "warning");
    toast(SHELL.loaded(done.loaded.length ? done.loaded.map((n) => n.name).join(", ") : what));
    forgetLoad(id);
    return true;
  } catch (error) {
    const fault = error instanceof Error ? error.message : String(error);
    change(id, { state: "failed", fraction: null, fault });
    toast(`${what}: ${fault}`, "error");
    return false;
  } finally {
    progress.value = null;
  }
}

/** What the server could not load has been read: nobody is told of it any more. */
export async function dismissFaults(ids: string[]): Promise<void> {
  for (const id of ids) {
    try {
      await askApi("DELETE", `/api/load/faults/${id}`);
    } catch (error) {
      const isGone = !scene.peek().load_faults.some((fault) => fault.id === id); // somebody else was quicker
      if (!isGone) return toast(error instanceof Error ? error.message : String(error), "error");
    }
  }
}

/** Files of the user's, all of which belong together. */
export async function loadFiles(files: File[]): Promise<void> {
  if (files.length === 0) return;
  const what = files.length === 1 ? (files[0]?.name ?? "") : SHELL.files(files.length);
  await follow(what, (told) => uploadAndLoad(files, told));
}

/** What a request to the server loads: a URL, a path of the server's, a sample. */
export function loadBy(what: string, ask: () => Promise<Outcome>): Promise<boolean> {
  return follow(what, ask);
}

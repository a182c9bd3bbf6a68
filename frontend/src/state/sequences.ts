/** Sequences of the scene: 4D images and multi-frame studies, and which of them plays. */
import { signal } from "@preact/signals";
import { askApi } from "../net/ask";
import { Cine } from "../view/cine";
import { cineRate } from "./viewing";

export interface Sequence {
  id: string;
  name: string;
  items: number;
  item: number;
  label: string;
}

export const sequences = signal<Sequence[]>([]);
export const sequenceFault = signal("");
/** The id of the one that plays, "" where none does. */
export const playedSequence = signal("");

const cine = new Cine({
  isDrawn: () => true, // the answer to a step comes when it is done
  step: async () => {
    const found = sequences.value.find(({ id }) => id === playedSequence.value);
    if (!found) throw new Error("it has gone");
    await showItem(found, (found.item + 1) % found.items);
    if (sequenceFault.value) playedSequence.value = "";
  },
});

export async function readSequences(): Promise<void> {
  await attempt(async () => {
    sequences.value = (await askApi<{ sequences: Sequence[] }>("GET", "/api/sequences")).sequences;
  });
  if (sequences.value.every(({ id }) => id !== playedSequence.value)) stopSequence();
}

export async function showItem(sequence: Sequence, item: number): Promise<void> {
  await attempt(async () => {
    const told = await askApi<Sequence>("PUT", `/api/sequences/${sequence.id}`, { item });
    sequences.value = sequences.value.map((one) => (one.id === told.id ? told : one));
  });
}

export function playSequence(sequence: Sequence): void {
  playedSequence.value = sequence.id;
  cine.play(cineRate.value);
}

export function stopSequence(): void {
  cine.stop();
  playedSequence.value = "";
}

async function attempt(work: () => Promise<void>): Promise<void> {
  try {
    await work();
    sequenceFault.value = "";
  } catch (error) {
    sequenceFault.value = error instanceof Error ? error.message : String(error);
    cine.stop();
  }
}

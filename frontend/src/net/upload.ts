/** Files of the user's into the scene: an upload of its own for each drop, then one request that loads it. */
import { here } from "./place";

export interface Loaded {
  loaded: { id: string; name: string; class: string }[];
  warnings: string[];
}

async function answer<T>(response: Response): Promise<T> {
  const body = await response.json();
  if (!response.ok) throw new Error(body?.error?.message ?? `the server answered ${response.status}`);
  return body as T;
}

function put(url: string, file: File, onProgress: (sent: number) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open("PUT", url);
    request.upload.onprogress = (event) => onProgress(event.loaded);
    request.onload = () => {
      if (request.status < 300) resolve();
      else reject(new Error(messageOf(request.responseText) ?? `the server answered ${request.status}`));
    };
    request.onerror = () => reject(new Error("the upload was interrupted"));
    request.send(file);
  });
}

function messageOf(text: string): string | undefined {
  try {
    return JSON.parse(text)?.error?.message;
  } catch {
    return undefined;
  }
}

/** Upload files and load them; `onProgress` hears fractions of the upload. Throws with the server's message. */
export async function uploadAndLoad(files: File[], onProgress: (fraction: number) => void): Promise<Loaded> {
  const { id } = await answer<{ id: string }>(await fetch(here("/api/uploads"), { method: "POST" }));
  const total = files.reduce((sum, file) => sum + file.size, 0) || 1;
  let before = 0;
  for (const file of files) {
    await put(here(`/api/uploads/${id}/${encodeURIComponent(file.name)}`), file, (sent) =>
      onProgress((before + sent) / total),
    );
    before += file.size;
  }
  onProgress(1);
  const body = JSON.stringify({ upload: id });
  return answer(
    await fetch(here("/api/load"), { method: "POST", headers: { "Content-Type": "application/json" }, body }),
  );
}

/** All files of a drop, folders opened. */
export async function filesOf(transfer: DataTransfer): Promise<File[]> {
  const entries = [...transfer.items]
    .map((item) => item.webkitGetAsEntry?.())
    .filter((entry) => entry != null);
  if (entries.length === 0) return [...transfer.files];
  const lists = await Promise.all(entries.map(walk));
  return lists.flat();
}

async function walk(entry: FileSystemEntry): Promise<File[]> {
  if (entry.isFile) {
    return [
      await new Promise<File>((resolve, reject) => (entry as FileSystemFileEntry).file(resolve, reject)),
    ];
  }
  const reader = (entry as FileSystemDirectoryEntry).createReader();
  const found: File[] = [];
  for (;;) {
    const some = await new Promise<FileSystemEntry[]>((resolve, reject) =>
      reader.readEntries(resolve, reject),
    );
    if (some.length === 0) return found;
    for (const child of some) found.push(...(await walk(child)));
  }
}

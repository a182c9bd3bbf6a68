/** DICOM applications that the server knows, as `/api/peers` has them. */
import { ask, post, Refusal } from "./ask";
import { keysOf, type Search, type Study, studyOf } from "./dicom";

export interface Peer {
  name: string;
  aet: string;
  host: string;
  port: number;
}

export interface Network {
  own: { aet: string; host: string; port: number | null };
  peers: Peer[];
}

/** Null where the server has no DICOM network. */
export async function readNetwork(): Promise<Network | null> {
  try {
    return await (await ask("/api/peers")).json();
  } catch (error) {
    if (error instanceof Refusal && error.status === 404) return null;
    throw error;
  }
}

const at = (peer: string, action: string) => `/api/peers/${encodeURIComponent(peer)}/${action}`;

/** Seconds that the answer took. */
export async function echo(peer: string): Promise<number> {
  return (await post<{ seconds: number }>(at(peer, "echo"))).seconds;
}

export async function query(peer: string, search: Search): Promise<{ studies: Study[]; more: boolean }> {
  const found = await post<{ matches: object[]; more: boolean }>(at(peer, "query"), {
    level: "study",
    keys: keysOf(search),
  });
  return { studies: found.matches.map((match) => studyOf(match as never)), more: found.more };
}

export async function retrieve(peer: string, study: string): Promise<string> {
  return (await post<{ job: string }>(at(peer, "retrieve"), { study })).job;
}

export async function send(peer: string, study: string, series = ""): Promise<string> {
  const wanted = { studies: [study], ...(series && { series: [series] }) };
  return (await post<{ job: string }>(at(peer, "send"), wanted)).job;
}

/** The stream client in a worker: commands come as messages, events go as messages, pictures are drawn right here. */
import { StreamCore } from "./core";
import type { CoreCommands } from "./events";

const scope = self as unknown as { postMessage(message: unknown): void };
const core = new StreamCore((event) => scope.postMessage(event));

self.onmessage = (message: MessageEvent<{ call: keyof CoreCommands; args: unknown[] }>) => {
  const { call, args } = message.data;
  (core[call] as (...args: unknown[]) => void)(...args);
};

/** The page's handle of the stream: a worker where canvases can be given away, the same code on the page elsewhere. */
import { StreamCore } from "./core";
import type { CoreCommands, CoreEvent } from "./events";
import StreamWorker from "./worker?worker";

export interface StreamClient extends Omit<CoreCommands, "open"> {
  open(view: string, canvas: HTMLCanvasElement, size: [number, number], dpr: number): void;
}

export function connectStream(onEvent: (event: CoreEvent) => void): StreamClient {
  const canMove =
    typeof Worker !== "undefined" && "transferControlToOffscreen" in HTMLCanvasElement.prototype;
  return canMove ? inWorker(onEvent) : new StreamCore(onEvent);
}

function inWorker(onEvent: (event: CoreEvent) => void): StreamClient {
  const worker = new StreamWorker();
  worker.onmessage = (message: MessageEvent<CoreEvent>) => onEvent(message.data);
  const call =
    (name: keyof CoreCommands) =>
    (...args: unknown[]) =>
      worker.postMessage({ call: name, args });
  return {
    connect: call("connect"),
    resize: call("resize"),
    visible: call("visible"),
    show: call("show"),
    set: call("set"),
    focus: call("focus"),
    close: call("close"),
    look: call("look"),
    track: call("track"),
    markup: call("markup"),
    probe: call("probe"),
    introduce: call("introduce"),
    point: call("point"),
    grant: call("grant"),
    disconnect: call("disconnect"),
    open(view, canvas, size, dpr) {
      const moved = canvas.transferControlToOffscreen();
      worker.postMessage({ call: "open", args: [view, moved, size, dpr] }, [moved]);
    },
  };
}

/** Getting more into the scene: files, a folder, an address, sample data, a study. */
import "../../../style/confirm.css";
import { useEffect, useRef, useState } from "preact/hooks";
import { here } from "../../../net/place";
import { api } from "../../../state/data/nodes";
import { loadBy, loadFiles } from "../../../state/loads";
import { Menu } from "../../shell/Menu";
import { download } from "./Chosen";
import { DATA } from "./texts";

type Dialog = "url" | "sample" | null;

export function Add() {
  const files = useRef<HTMLInputElement>(null);
  const folder = useRef<HTMLInputElement>(null);
  const [dialog, setDialog] = useState<Dialog>(null);
  useEffect(() => {
    if (folder.current) folder.current.webkitdirectory = true;
  }, []);
  const take = (event: Event) => {
    const input = event.currentTarget as HTMLInputElement;
    void loadFiles([...(input.files ?? [])]);
    input.value = "";
  };
  return (
    <>
      <Menu
        label={DATA.add}
        class="data-add"
        items={[
          { id: "files", label: DATA.addFiles, run: () => files.current?.click() },
          { id: "folder", label: DATA.addFolder, run: () => folder.current?.click() },
          { id: "url", label: DATA.addUrl, run: () => setDialog("url") },
          { id: "sample", label: DATA.addSample, run: () => setDialog("sample") },
          { id: "study", label: DATA.addStudy, run: () => location.assign("#studies") },
          {
            id: "save",
            label: DATA.saveScene,
            run: () => void download(here("/api/scene/file?as=scene.mrb")),
          },
        ]}
      >
        {DATA.add}
      </Menu>
      <input
        ref={files}
        class="data-files"
        type="file"
        multiple
        hidden
        aria-label={DATA.addFiles}
        onChange={take}
      />
      <input
        ref={folder}
        class="data-folder"
        type="file"
        multiple
        hidden
        aria-label={DATA.addFolder}
        onChange={take}
      />
      {dialog === "url" && <UrlDialog onClose={() => setDialog(null)} />}
      {dialog === "sample" && <SampleDialog onClose={() => setDialog(null)} />}
    </>
  );
}

function Modal(props: { title: string; onClose: () => void; children: preact.ComponentChildren }) {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => dialog.current?.showModal(), []);
  return (
    <dialog
      ref={dialog}
      class="confirm data-dialog"
      aria-label={props.title}
      onKeyDown={(event) => event.stopPropagation()}
      onClose={props.onClose}
    >
      <h2>{props.title}</h2>
      {props.children}
    </dialog>
  );
}

function UrlDialog({ onClose }: { onClose: () => void }) {
  return (
    <Modal title={DATA.urlTitle} onClose={onClose}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          const place = String(new FormData(event.currentTarget).get("place")).trim();
          if (!place) return;
          onClose();
          const body = /^https?:/i.test(place) ? { url: place } : { path: place };
          void loadBy(place.split(/[/\\]/).pop() || place, () => api("POST /api/load", { body }));
        }}
      >
        <label class="data-field tall">
          <span>{DATA.url}</span>
          <input type="text" name="place" inputMode="url" autocomplete="off" spellcheck={false} required />
        </label>
        <p class="quiet">{DATA.urlHint}</p>
        <p class="quiet">{DATA.pathHint}</p>
        <div class="row">
          <button type="button" onClick={onClose}>
            {DATA.cancel}
          </button>
          <button type="submit" class="main">
            {DATA.load}
          </button>
        </div>
      </form>
    </Modal>
  );
}

function SampleDialog({ onClose }: { onClose: () => void }) {
  const [names, setNames] = useState<string[]>([]);
  const [fault, setFault] = useState("");
  useEffect(() => {
    api("GET /api/samples").then(
      ({ samples }) => setNames(samples.map((one) => one.name)),
      (error: Error) => setFault(error.message),
    );
  }, []);
  return (
    <Modal title={DATA.sampleTitle} onClose={onClose}>
      <p class="quiet">{DATA.sampleHint}</p>
      {fault && <p role="alert">{fault}</p>}
      <ul class="data-samples">
        {names.map((name) => (
          <li key={name}>
            <button
              type="button"
              onClick={() => {
                onClose();
                void loadBy(name, () => api("POST /api/samples", { body: { name } }));
              }}
            >
              {name}
            </button>
          </li>
        ))}
      </ul>
      <div class="row">
        <button type="button" onClick={onClose}>
          {DATA.cancel}
        </button>
      </div>
    </Modal>
  );
}

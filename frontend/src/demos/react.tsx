/** @jsxImportSource react */
/** `<slicecast-view>` in React: a component of twenty lines, and the typed API for what lies beside the view. */
import { StrictMode, useEffect, useRef, useState } from "react";
import { createRoot } from "react-dom/client";
import type { Api, Operations, SlicecastView, ViewState } from "../embed";
import { here } from "../net/place";

type Row = Operations["GET /api/nodes"]["answer"]["rows"][number];
interface Module {
  apiOf(base: string): Api;
}

/** The module of the server that the page talks to; it defines the element too. */
const MODULE = here("/slicecast-client.js");
const client: Promise<Module> = import(/* @vite-ignore */ MODULE);

interface Props {
  view: string;
  own?: boolean;
  onState?: (state: ViewState) => void;
}

/** A streamed view. React makes the element, and the element does the rest. */
function View({ view, own, onState }: Props) {
  const holder = useRef<HTMLDivElement>(null);
  const heard = useRef(onState);
  heard.current = onState;
  useEffect(() => {
    const element = document.createElement("slicecast-view") as SlicecastView;
    element.setAttribute("view", view);
    element.toggleAttribute("own", own === true);
    const tell = (event: Event) => heard.current?.((event as CustomEvent<ViewState>).detail);
    element.addEventListener("state", tell);
    holder.current?.append(element);
    return () => element.remove();
  }, [view, own]);
  return <div className="view" ref={holder} />;
}

function App() {
  const [view, setView] = useState("red");
  const [own, setOwn] = useState(false);
  const [state, setState] = useState<ViewState | null>(null);
  return (
    <>
      <div className="controls">
        <select aria-label="View" value={view} onChange={(event) => setView(event.target.value)}>
          <option value="red">Axial</option>
          <option value="yellow">Sagittal</option>
          <option value="green">Coronal</option>
          <option value="1">3D</option>
        </select>
        <label>
          <input type="checkbox" checked={own} onChange={(event) => setOwn(event.target.checked)} /> Own
          camera
        </label>
        <output id="said">
          {state?.kind === "slice" ? `${state.orientation} at ${state.offset.toFixed(1)} mm` : "3D"}
        </output>
      </div>
      <View view={view} own={own} onState={setState} />
      <Nodes />
    </>
  );
}

/** What the scene holds, by the typed API, with a box for each that can be hidden. */
function Nodes() {
  const [rows, setRows] = useState<Row[]>([]);
  const [fault, setFault] = useState("");
  const refresh = async () => {
    const { apiOf } = await client;
    setRows((await apiOf(location.href)("GET /api/nodes", { query: { count: 50 } })).rows);
  };
  const show = async (row: Row, visible: boolean) => {
    const { apiOf } = await client;
    await apiOf(location.href)("PATCH /api/nodes/{id}", { path: { id: row.id ?? "" }, body: { visible } });
    await refresh();
  };
  const guarded = (work: Promise<void>) =>
    work.then(
      () => setFault(""),
      (error: Error) => setFault(error.message),
    );
  useEffect(() => void guarded(refresh()), []);
  return (
    <ul className="nodes">
      {fault && <li role="alert">{fault}</li>}
      {rows
        .filter((row) => row.visible !== undefined && row.kind !== "segment")
        .map((row) => (
          <li key={row.key}>
            <label>
              <input
                type="checkbox"
                checked={row.visible}
                onChange={(event) => void guarded(show(row, event.target.checked))}
              />{" "}
              {row.name} <small>{row.detail}</small>
            </label>
          </li>
        ))}
    </ul>
  );
}

createRoot(document.getElementById("app") as HTMLElement).render(
  <StrictMode>
    <App />
  </StrictMode>,
);

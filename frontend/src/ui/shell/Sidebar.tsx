/** The open panel beside the views; a sheet over their lower part where the page is narrow. */
import type { ComponentType } from "preact";
import { useEffect, useState } from "preact/hooks";
import { openPanel, SIDEBAR_MAX, SIDEBAR_MIN, setSidebarWidth, sidebarWidth } from "../../state/shell";
import { type Panel, panelOf } from "./panels";
import { SHELL } from "./texts";

const KEY_STEP = 16;
const SLOW_MS = 300;

const fetched = new Map<string, ComponentType>();

export function Sidebar() {
  const panel = panelOf(openPanel.value);
  if (!panel) return null;
  return (
    <>
      <aside
        class="sidebar"
        id="sidebar"
        aria-label={panel.title}
        style={{ "--sidebar": `${sidebarWidth.value}px` }}
        onKeyDown={(event) => {
          if (event.key !== "Escape" || event.defaultPrevented) return;
          event.stopPropagation();
          close(panel.id);
        }}
      >
        <header>
          <h2>{panel.title}</h2>
          <button type="button" class="icon" aria-label={SHELL.close} onClick={() => close(panel.id)}>
            ×
          </button>
        </header>
        <div class="panel" key={panel.id}>
          <Content panel={panel} />
        </div>
      </aside>
      <Edge />
    </>
  );
}

/** The focus goes back to the button that opened it. */
function close(id: string): void {
  openPanel.value = "";
  document.getElementById(`rail-${id}`)?.focus();
}

function Content({ panel }: { panel: Panel }) {
  const [Shown, setShown] = useState<ComponentType | null>(() => fetched.get(panel.id) ?? null);
  const [state, setState] = useState<"fetching" | "slow" | "failed">("fetching");
  const [attempt, setAttempt] = useState(0);
  useEffect(() => {
    if (Shown) return;
    let wanted = true;
    setState("fetching");
    const slow = setTimeout(() => setState("slow"), SLOW_MS);
    panel
      .load()
      .then((component) => {
        fetched.set(panel.id, component);
        if (wanted) setShown(() => component);
      })
      .catch(() => wanted && setState("failed"))
      .finally(() => clearTimeout(slow));
    return () => {
      wanted = false;
      clearTimeout(slow);
    };
  }, [attempt]);
  if (Shown) return <Shown />;
  if (state === "fetching") return null;
  if (state === "slow") return <p role="status">{SHELL.loading(panel.title)}</p>;
  return (
    <p role="alert">
      {SHELL.notLoaded(panel.title)}{" "}
      <button type="button" onClick={() => setAttempt(attempt + 1)}>
        {SHELL.again}
      </button>
    </p>
  );
}

/** The edge that is dragged, or moved by the arrow keys. */
function Edge() {
  const [start, setStart] = useState<{ x: number; width: number } | null>(null);
  return (
    <div
      class="edge"
      role="separator"
      tabIndex={0}
      aria-label={SHELL.width}
      aria-orientation="vertical"
      aria-controls="sidebar"
      aria-valuemin={SIDEBAR_MIN}
      aria-valuemax={SIDEBAR_MAX}
      aria-valuenow={sidebarWidth.value}
      onPointerDown={(event) => {
        event.currentTarget.setPointerCapture(event.pointerId);
        setStart({ x: event.clientX, width: sidebarWidth.value });
      }}
      onPointerMove={(event) => start && setSidebarWidth(start.width + event.clientX - start.x)}
      onLostPointerCapture={() => setStart(null)}
      onKeyDown={(event) => {
        const steps = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
        if (!steps) return;
        event.preventDefault();
        setSidebarWidth(sidebarWidth.value + steps * KEY_STEP);
      }}
    />
  );
}

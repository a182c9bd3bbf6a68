/** The server panel, as the module panel of Slicer's web server: doors, CORS, the pages, the log. */
import { useEffect, useState } from "preact/hooks";
import type { Door, LogEntry, ServerState } from "../net/server";
import {
  change,
  clear,
  entries,
  fault,
  filter,
  follow,
  isLive,
  needsToken,
  paused,
  refresh,
  server,
  token,
} from "../state/server";
import { KINDS, LEVELS, PANEL, STATUS_TEXT } from "./texts";
import "../style/server.css";

const SHOWN_ENTRIES = 300;
const REFRESH_MS = 5000;

export function ServerPanel() {
  useEffect(() => {
    void refresh();
    const timer = setInterval(() => document.visibilityState === "visible" && void refresh(), REFRESH_MS);
    const end = follow();
    return () => {
      clearInterval(timer);
      end();
    };
  }, []);
  const state = server.value;
  return (
    <div class="server">
      <header class="toolbar">
        <a class="brand" href="/">
          Slicecast
        </a>
        <h1>{PANEL.title}</h1>
        <span class="grow" />
        <a href="/viewer/">{PANEL.viewer}</a>
      </header>
      <main>
        {fault.value && (
          <p class="fault" role="alert">
            {fault.value}
          </p>
        )}
        {needsToken.value && <Token />}
        {state && (
          <>
            <p class="quiet">
              {state.product} {state.version} · {STATUS_TEXT[state.status] ?? state.status} ·{" "}
              {PANEL.uptime(state.uptime_s)}
            </p>
            <div class="columns">
              <Doors state={state} />
              <Cors state={state} />
              <Pages state={state} />
            </div>
          </>
        )}
        <Log />
      </main>
    </div>
  );
}

function Token() {
  const [typed, setTyped] = useState("");
  return (
    <form
      class="row"
      onSubmit={(event) => {
        event.preventDefault();
        token.value = typed;
        void refresh();
      }}
    >
      <label>
        {PANEL.token}{" "}
        <input
          type="password"
          autocomplete="off"
          value={typed}
          onInput={(event) => setTyped(event.currentTarget.value)}
        />
      </label>
      <button type="submit">{PANEL.useToken}</button>
    </form>
  );
}

function Doors({ state }: { state: ServerState }) {
  return (
    <fieldset>
      <legend>{PANEL.doors}</legend>
      {state.doors.map((door) => (
        <DoorRow key={door.name} door={door} />
      ))}
    </fieldset>
  );
}

function DoorRow({ door }: { door: Door }) {
  const [asking, setAsking] = useState(false);
  // Without pages nobody can open this panel again: that is asked once more.
  const needsThought = door.name === "pages" && door.on;
  return (
    <div class="door">
      <label>
        <input
          type="checkbox"
          role="switch"
          checked={door.on}
          disabled={!door.available}
          onClick={(event) => {
            event.preventDefault(); // the server says what is so
            if (needsThought) setAsking(true);
            else void change({ [door.name]: !door.on });
          }}
        />
        <span>
          {door.title}
          <small>{door.available ? door.where : PANEL.absent(door.why)}</small>
        </span>
      </label>
      {asking && door.on && (
        <p class="ask" role="alert">
          {PANEL.withoutPages}{" "}
          <button type="button" onClick={() => void change({ pages: false })}>
            {PANEL.off}
          </button>{" "}
          <button type="button" onClick={() => setAsking(false)}>
            {PANEL.keep}
          </button>
        </p>
      )}
    </div>
  );
}

function Cors({ state }: { state: ServerState }) {
  const now = state.cors.join(" ");
  const [typed, setTyped] = useState<string | null>(null);
  const wanted = (typed ?? now).split(/[\s,]+/).filter(Boolean);
  return (
    <fieldset>
      <legend>{PANEL.cors}</legend>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          void change({ cors: wanted }).then((good) => good && setTyped(null));
        }}
      >
        <p class="quiet">{state.cors.length ? PANEL.corsOn(now) : PANEL.corsOff}</p>
        <label>
          {PANEL.origins}
          <input
            type="text"
            value={typed ?? now}
            placeholder="https://pages.example"
            spellcheck={false}
            onInput={(event) => setTyped(event.currentTarget.value)}
          />
        </label>
        <div class="row">
          <button type="submit" disabled={wanted.join(" ") === now}>
            {PANEL.apply}
          </button>
          {state.cors.length > 0 && (
            <button
              type="button"
              onClick={() => void change({ cors: [] }).then((good) => good && setTyped(null))}
            >
              {PANEL.off}
            </button>
          )}
        </div>
      </form>
    </fieldset>
  );
}

function Pages({ state }: { state: ServerState }) {
  return (
    <nav aria-label={PANEL.pages}>
      <h2>{PANEL.pages}</h2>
      <ul>
        {state.pages.map((page) => (
          <li key={page.path}>
            <a href={page.path}>{page.title}</a> <small>{page.path}</small>
          </li>
        ))}
      </ul>
    </nav>
  );
}

function Log() {
  const set = (part: object) => {
    filter.value = { ...filter.value, ...part };
  };
  const shown = entries.value.slice(0, SHOWN_ENTRIES);
  return (
    <section aria-label={PANEL.log}>
      <h2>
        {PANEL.log} <span class={`dot ${isLive.value ? "ready" : "lost"}`} />
        <small role="status">{paused.value ? PANEL.paused : isLive.value ? PANEL.live : PANEL.notLive}</small>
      </h2>
      <div class="row">
        <label>
          {PANEL.level}{" "}
          <select value={filter.value.level} onChange={(event) => set({ level: event.currentTarget.value })}>
            {LEVELS.map(([value, label]) => (
              <option key={value} value={value}>
                {label}
              </option>
            ))}
          </select>
        </label>
        <label>
          {PANEL.kind}{" "}
          <select value={filter.value.kind} onChange={(event) => set({ kind: event.currentTarget.value })}>
            {KINDS.map(([value, label]) => (
              <option key={value} value={value}>
                {label}
              </option>
            ))}
          </select>
        </label>
        <label class="grow">
          <span class="visually-hidden">{PANEL.filter}</span>
          <input
            type="search"
            placeholder={PANEL.filter}
            value={filter.value.text}
            onInput={(event) => set({ text: event.currentTarget.value })}
          />
        </label>
        <button
          type="button"
          aria-pressed={paused.value}
          onClick={() => {
            paused.value = !paused.value;
          }}
        >
          {PANEL.pause}
        </button>
        <button type="button" onClick={() => void clear()}>
          {PANEL.clear}
        </button>
      </div>
      <div class="log" tabIndex={0} role="log" aria-live="off" aria-label={PANEL.log}>
        {shown.length === 0 && <p class="quiet">{PANEL.nothing}</p>}
        {shown.map((entry) => (
          <Line key={entry.n} entry={entry} />
        ))}
      </div>
    </section>
  );
}

function Line({ entry }: { entry: LogEntry }) {
  const when = new Date(entry.time * 1000);
  return (
    <div class={`line ${entry.level}`}>
      <time dateTime={when.toISOString()}>{when.toLocaleTimeString()}</time>
      <span class="what">
        {entry.kind !== "access" && <b>{entry.kind} </b>}
        {entry.method} {entry.path}
      </span>
      <span class="figures">
        {entry.status ? `${entry.status} · ${(entry.ms ?? 0).toFixed(1)} ms` : ""} {entry.remote}
      </span>
      {entry.text && <pre>{entry.text}</pre>}
    </div>
  );
}

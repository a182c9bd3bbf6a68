/** The share panel: a link, who is here, a picture, a film. */
import { useEffect, useRef, useState } from "preact/hooks";
import "../../../style/share.css";
import { isBoolean, isNumber, kept } from "../../../state/kept";
import { figure, save, viewsNow } from "../../../state/share/figure";
import { film, filmType } from "../../../state/share/film";
import { makeLink } from "../../../state/share/links";
import { scene, states, toast } from "../../../state/store";
import { Check } from "../../shell/fields";
import { viewText } from "../../views/texts";
import { People } from "./People";
import { SHARE } from "./texts";

const withWords = kept("figure.words", true, isBoolean);
const withBar = kept("figure.bar", true, isBoolean);
const resolution = kept("figure.scale", 2, isNumber);
const filmSeconds = kept("film.seconds", 6, isNumber);
const FACTORS = [1, 2, 3, 4];
const SECONDS = [3, 6, 10, 20];
const HEIGHTS = [480, 720, 1080];

const look = () => ({ words: withWords.peek(), bar: withBar.peek() });
const say = (error: unknown) => toast(error instanceof Error ? error.message : String(error), "error");

export function SharePanel() {
  return (
    <div class="share-panel">
      <People />
      <Link />
      <Picture />
      <Film />
    </div>
  );
}

function Link() {
  const [made, setMade] = useState("");
  const [title, setTitle] = useState("");
  const [isBusy, setBusy] = useState(false);
  const make = async () => {
    setBusy(true);
    try {
      const link = await makeLink(title.trim());
      setMade(link);
      const isCopied = await navigator.clipboard?.writeText(link).then(
        () => true,
        () => false,
      );
      toast(isCopied ? SHARE.copied : SHARE.notCopied);
    } catch (error) {
      say(error);
    } finally {
      setBusy(false);
    }
  };
  return (
    <section aria-label={SHARE.link}>
      <h3>{SHARE.link}</h3>
      <p class="quiet">{SHARE.linkHint}</p>
      <label class="share-field">
        <span>{SHARE.linkTitle}</span>
        <input
          type="text"
          maxLength={200}
          value={title}
          onInput={(event) => setTitle(event.currentTarget.value)}
        />
      </label>
      <button type="button" class="main" disabled={isBusy} onClick={() => void make()}>
        {SHARE.makeLink}
      </button>
      {made && (
        <input
          class="share-link"
          type="text"
          readOnly
          aria-label={SHARE.theLink}
          value={made}
          onFocus={(event) => event.currentTarget.select()}
        />
      )}
    </section>
  );
}

function nameOfView(view: string): string {
  return viewText(view, states(view).value?.kind ?? "slice").title;
}

function Picture() {
  void scene.value.layout;
  const [view, setView] = useState("");
  const [isBusy, setBusy] = useState(false);
  const views = viewsNow();
  const chosen = views.includes(view) ? view : "";
  const make = async (use: (blob: Promise<Blob>) => Promise<void>) => {
    setBusy(true);
    try {
      await use(figure(chosen, resolution.peek(), look()));
    } catch (error) {
      say(error);
    } finally {
      setBusy(false);
    }
  };
  return (
    <section aria-label={SHARE.figure} aria-busy={isBusy}>
      <h3>{SHARE.figure}</h3>
      <Select
        text={SHARE.of}
        label={SHARE.figureOf}
        value={chosen}
        options={[["", SHARE.layout], ...views.map((one) => [one, nameOfView(one)] as const)]}
        onChange={setView}
      />
      <Select
        text={SHARE.scale}
        label={SHARE.figureScale}
        value={`${resolution.value}`}
        options={FACTORS.map((factor) => [`${factor}`, SHARE.times(factor)] as const)}
        onChange={(factor) => {
          resolution.value = Number(factor);
        }}
      />
      <Kept label={SHARE.bar} of={withBar} />
      <Kept label={SHARE.words} of={withWords} />
      <div class="row">
        <button
          type="button"
          class="main"
          disabled={isBusy || views.length === 0}
          onClick={() => void make(async (blob) => save(await blob, `slicecast ${stamp()}.png`))}
        >
          {SHARE.png}
        </button>
        <button type="button" disabled={isBusy || views.length === 0} onClick={() => void make(copy)}>
          {SHARE.copy}
        </button>
      </div>
    </section>
  );
}

/** Onto the clipboard. The picture is promised, for some browsers allow copying only while the click is fresh. */
async function copy(blob: Promise<Blob>): Promise<void> {
  if (typeof ClipboardItem === "undefined" || !navigator.clipboard?.write) {
    await blob;
    toast(SHARE.pictureNotCopied, "warning");
    return;
  }
  await navigator.clipboard.write([new ClipboardItem({ "image/png": blob })]);
  toast(SHARE.pictureCopied);
}

interface SelectProps {
  /** What stands beside it, and its whole name. */
  text: string;
  label: string;
  value: string;
  /** Values and their texts. */
  options: (readonly [string, string])[];
  onChange(value: string): void;
}

function Select({ text, label, value, options, onChange }: SelectProps) {
  return (
    <label class="share-field">
      <span>{text}</span>
      <select aria-label={label} value={value} onChange={(event) => onChange(event.currentTarget.value)}>
        {options.map(([one, words]) => (
          <option key={one} value={one}>
            {words}
          </option>
        ))}
      </select>
    </label>
  );
}

/** A check that a signal remembers. */
function Kept({ label, of }: { label: string; of: { value: boolean } }) {
  const set = (value: boolean) => {
    of.value = value;
  };
  return <Check label={label} value={of.value} onChange={set} />;
}

/** The time now, for file names. */
function stamp(): string {
  return new Date().toISOString().slice(0, 19).replace("T", " ").replaceAll(":", ".");
}

function Film() {
  const views = viewsNow();
  const [view, setView] = useState("");
  const [height, setHeight] = useState(720);
  const [told, setTold] = useState("");
  const [part, setPart] = useState<number | null>(null);
  const stop = useRef<AbortController | null>(null);
  useEffect(() => () => stop.current?.abort(), []);
  const chosen = views.includes(view)
    ? view
    : (views.find((one) => states(one).value?.kind === "threeD") ?? views[0]);
  if (!filmType()) return <section aria-label={SHARE.film}>{SHARE.noFilm}</section>;
  const make = async () => {
    if (!chosen) return;
    stop.current = new AbortController();
    setPart(0);
    try {
      const made = await film(
        chosen,
        filmSeconds.peek(),
        height,
        look(),
        (stage, done, total) => {
          setPart(done / total);
          setTold(stage === "drawing" ? SHARE.drawing(done, total) : SHARE.recording);
        },
        stop.current.signal,
      );
      const name = `slicecast ${stamp()}${made.ending}`;
      save(made.blob, name);
      toast(SHARE.filmSaved(name));
    } catch (error) {
      if (!stop.current?.signal.aborted) say(error);
    } finally {
      setPart(null);
      setTold("");
    }
  };
  return (
    <section aria-label={SHARE.film} aria-busy={part !== null}>
      <h3>{SHARE.film}</h3>
      <Select
        text={SHARE.of}
        label={SHARE.filmOf}
        value={chosen ?? ""}
        options={views.map(
          (one) =>
            [
              one,
              `${nameOfView(one)}: ${states(one).value?.kind === "threeD" ? SHARE.turntable : SHARE.scroll}`,
            ] as const,
        )}
        onChange={setView}
      />
      <Select
        text={SHARE.seconds}
        label={SHARE.seconds}
        value={`${filmSeconds.value}`}
        options={SECONDS.map((seconds) => [`${seconds}`, SHARE.secondsOf(seconds)] as const)}
        onChange={(seconds) => {
          filmSeconds.value = Number(seconds);
        }}
      />
      <Select
        text={SHARE.scale}
        label={SHARE.filmScale}
        value={`${height}`}
        options={HEIGHTS.map((pixels) => [`${pixels}`, `${pixels}p`] as const)}
        onChange={(pixels) => setHeight(Number(pixels))}
      />
      {part === null ? (
        <button type="button" class="main" disabled={!chosen} onClick={() => void make()}>
          {SHARE.make}
        </button>
      ) : (
        <>
          <progress max={1} value={part} aria-label={SHARE.film} />
          <p role="status" class="quiet">
            {told}
          </p>
          <button type="button" onClick={() => stop.current?.abort()}>
            {SHARE.cancel}
          </button>
        </>
      )}
    </section>
  );
}

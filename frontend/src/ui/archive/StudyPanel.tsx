/** A study: what it is, what can be done with it, and its series with pictures. */
import { useEffect, useRef, useState } from "preact/hooks";
import { isGivenUp, wordsOf } from "../../net/archive/ask";
import type { Series, Study } from "../../net/archive/dicom";
import { send } from "../../net/archive/peers";
import {
  findSeries,
  findStudy,
  ohifUrl,
  openInScene,
  remove,
  thumbnailUrl,
  zipUrl,
} from "../../net/archive/studies";
import { begin, changes, lookAgain, network, ohif, upload } from "../../state/archive/browser";
import { toast } from "../../state/store";
import { Confirm } from "./Confirm";
import { TEXT, titleOf, UNDESCRIBED } from "./texts";
import { WorkLine } from "./WorkLine";

interface Known {
  study: Study | undefined;
  series: Series[];
  more: number;
}

const close = () => {
  location.hash = "#studies";
};

/** `alone`: the list is not seen beside it, so that the focus goes to it and back. */
export function StudyPanel({ uid, alone }: { uid: string; alone: boolean }) {
  const section = useRef<HTMLElement>(null);
  useEffect(() => {
    if (!alone) return;
    section.current?.focus();
    return () => void requestAnimationFrame(() => document.querySelector<HTMLElement>(".list")?.focus());
  }, [alone]);
  const [known, setKnown] = useState<Known | null>(null);
  const [fault, setFault] = useState("");
  const [turn, setTurn] = useState(0);
  const reload = () => setTurn(turn + 1);
  useEffect(() => {
    const stop = new AbortController();
    Promise.all([findStudy(uid, stop.signal), findSeries(uid, stop.signal)]).then(
      ([study, { rows, more }]) => {
        setFault("");
        setKnown({ study, series: rows, more });
      },
      (error) => isGivenUp(error) || setFault(wordsOf(error)),
    );
    return () => stop.abort();
  }, [uid, turn, changes.value]);
  return (
    <section
      ref={section}
      tabIndex={-1}
      class="study"
      aria-label="Study"
      aria-busy={known === null}
      onKeyDown={(event) => event.key === "Escape" && close()}
    >
      <div class="row">
        <button type="button" onClick={close}>
          <span class="only-narrow">{TEXT.back}</span>
          <span class="only-wide">{TEXT.close}</span>
        </button>
      </div>
      {fault && (
        <p class="fault" role="alert">
          {fault}{" "}
          <button type="button" onClick={reload}>
            {TEXT.retry}
          </button>
        </p>
      )}
      {!known && !fault && <p class="quiet">{TEXT.searching}</p>}
      {known && !known.study && <p>{TEXT.gone}</p>}
      {known?.study && <Found study={known.study} series={known.series} more={known.more} />}
    </section>
  );
}

function Found({ study, series, more }: { study: Study; series: Series[]; more: number }) {
  const born = study.birthDate && `${TEXT.born.toLowerCase()} ${study.birthDate}`;
  return (
    <>
      <h2>{titleOf(study)}</h2>
      <p class="quiet">{[study.patientId, born, study.sex].filter(Boolean).join(" · ")}</p>
      <p>{[study.date, study.time, study.description || UNDESCRIBED].filter(Boolean).join(" · ")}</p>
      <p class="quiet">
        {[
          TEXT.series(study.series),
          TEXT.images(study.instances),
          study.accession && `${TEXT.accession} ${study.accession}`,
        ]
          .filter(Boolean)
          .join(" · ")}
      </p>
      <Actions study={study} />
      <ul class="series">
        {series.map((one) => (
          <SeriesCard key={one.uid} study={study} series={one} />
        ))}
      </ul>
      {more > 0 && <p class="quiet">{`And ${TEXT.series(more)} more.`}</p>}
    </>
  );
}

/** Load into the scene, then show the viewer, unless that would break off an upload. */
async function open(study: Study, series = ""): Promise<void> {
  const done = await begin(study.uid, TEXT.open, () => openInScene(study.uid, series));
  if (!done) return;
  if (upload.peek()?.state === "running") toast("Loaded. The viewer shows it.");
  else location.assign("/viewer/");
}

function Actions({ study }: { study: Study }) {
  const [asking, setAsking] = useState(false);
  return (
    <>
      <div class="row actions">
        <button type="button" class="main" onClick={() => void open(study)}>
          {TEXT.open}
        </button>
        {ohif.value && (
          <a class="button" href={ohifUrl(study.uid)} target="_blank" rel="noreferrer">
            {TEXT.ohif}
          </a>
        )}
        <a class="button" href={zipUrl(study.uid)} download>
          {TEXT.download}
        </a>
        <SendTo study={study} />
        <button type="button" class="danger" onClick={() => setAsking(true)}>
          {TEXT.delete}
        </button>
      </div>
      <WorkLine of={study.uid} />
      {asking && (
        <Confirm
          title="Delete this study?"
          text={TEXT.deleteStudy(study)}
          yes={TEXT.delete}
          onAnswer={(yes) => {
            setAsking(false);
            if (yes) void removeAndLeave(study);
          }}
        />
      )}
    </>
  );
}

async function removeAndLeave(study: Study, series = ""): Promise<void> {
  try {
    await remove(study.uid, series);
  } catch (error) {
    toast(`Not deleted: ${wordsOf(error)}`, "error");
    return;
  }
  if (!series) close();
  lookAgain();
}

function SendTo({ study, series }: { study: Study; series?: Series }) {
  const peers = network.value?.peers ?? [];
  if (peers.length === 0) return null;
  return (
    <label>
      <span class="visually-hidden">{TEXT.send}</span>
      <select
        value=""
        onChange={(event) => {
          const peer = event.currentTarget.value;
          event.currentTarget.value = "";
          if (peer) void begin(study.uid, `To ${peer}`, () => send(peer, study.uid, series?.uid));
        }}
      >
        <option value="">{TEXT.send}</option>
        {peers.map((peer) => (
          <option key={peer.name} value={peer.name}>
            {peer.name}
          </option>
        ))}
      </select>
    </label>
  );
}

function SeriesCard({ study, series }: { study: Study; series: Series }) {
  const [asking, setAsking] = useState(false);
  const [pictured, setPictured] = useState(true);
  const what = [series.number, series.modality, series.description].filter(Boolean).join(" · ");
  return (
    <li>
      <div class="thumbnail">
        {pictured ? (
          <img
            src={thumbnailUrl(study.uid, series.uid)}
            alt=""
            width={96}
            height={96}
            loading="lazy"
            decoding="async"
            onError={() => setPictured(false)}
          />
        ) : (
          <span aria-hidden="true">{series.modality || "?"}</span>
        )}
      </div>
      <div class="about">
        <strong>{series.description || UNDESCRIBED}</strong>
        <span class="quiet">
          {[series.number && `No. ${series.number}`, series.modality, TEXT.images(series.instances)]
            .filter(Boolean)
            .join(" · ")}
        </span>
        <div class="row">
          <button
            type="button"
            aria-label={`${TEXT.openSeries} ${what}`}
            onClick={() => void open(study, series.uid)}
          >
            {TEXT.openSeries}
          </button>
          <a
            class="button"
            href={zipUrl(study.uid, series.uid)}
            download
            aria-label={`${TEXT.download} ${what}`}
          >
            {TEXT.download}
          </a>
          <SendTo study={study} series={series} />
          <button
            type="button"
            class="danger"
            aria-label={`${TEXT.delete} ${what}`}
            onClick={() => setAsking(true)}
          >
            {TEXT.delete}
          </button>
        </div>
      </div>
      {asking && (
        <Confirm
          title="Delete this series?"
          text={TEXT.deleteSeries(what, series.instances)}
          yes={TEXT.delete}
          onAnswer={(yes) => {
            setAsking(false);
            if (yes) void removeAndLeave(study, series.uid);
          }}
        />
      )}
    </li>
  );
}

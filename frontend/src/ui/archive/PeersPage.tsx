/** DICOM applications that the server knows: are they there, what have they, get it. */
import { useState } from "preact/hooks";
import { wordsOf } from "../../net/archive/ask";
import { EVERYTHING, type Study } from "../../net/archive/dicom";
import { echo, type Network, type Peer, query, retrieve } from "../../net/archive/peers";
import { begin, network, networkFault, place } from "../../state/archive/browser";
import { SearchForm } from "./SearchForm";
import { some, TEXT, titleOf, UNDESCRIBED } from "./texts";
import { WorkLine } from "./WorkLine";

export function PeersPage() {
  const known = network.value;
  const chosen = known?.peers.find((peer) => peer.name === place.value.detail);
  return (
    <main class="plain">
      <h1>Peers</h1>
      {networkFault.value && (
        <p class="fault" role="alert">
          {networkFault.value}
        </p>
      )}
      {known === undefined && !networkFault.value && <p class="quiet">{TEXT.searching}</p>}
      {known === null && (
        <p>There is no DICOM network here, since there is no archive. The server's log says why.</p>
      )}
      {known && <Peers network={known} />}
      {chosen && <PeerSearch key={chosen.name} peer={chosen} />}
    </main>
  );
}

function Peers({ network: { own, peers } }: { network: Network }) {
  return (
    <>
      <p class="quiet">
        {own.port === null
          ? `We call as ${own.aet}, and do not listen.`
          : `Others reach us as ${own.aet} at ${own.host}, port ${own.port}.`}
      </p>
      {peers.length === 0 && (
        <p>
          No peers are configured. Name them in the setting <code>dicom_peers</code>, each as{" "}
          <code>NAME=AET@HOST:PORT</code>.
        </p>
      )}
      <ul class="jobs">
        {peers.map((peer) => (
          <PeerCard key={peer.name} peer={peer} />
        ))}
      </ul>
      {peers.length > 0 && (
        <p class="quiet">
          To send a study of ours to a peer, open it among the studies and choose “{TEXT.send}”.
        </p>
      )}
    </>
  );
}

function PeerCard({ peer }: { peer: Peer }) {
  const [said, setSaid] = useState<{ good: boolean; words: string } | null>(null);
  const ask = async () => {
    setSaid({ good: true, words: "Asking…" });
    try {
      setSaid({ good: true, words: `It answers, in ${((await echo(peer.name)) * 1000).toFixed(0)} ms.` });
    } catch (error) {
      setSaid({ good: false, words: wordsOf(error) });
    }
  };
  return (
    <li>
      <div class="row">
        <strong>{peer.name}</strong>
        <span class="quiet">
          {peer.aet} at {peer.host}, port {peer.port}
        </span>
        <span class="grow" />
        <button type="button" aria-label={`Echo ${peer.name}`} onClick={() => void ask()}>
          Echo
        </button>
        <a
          class="button"
          href={`#peers/${peer.name}`}
          aria-label={`Search ${peer.name}`}
          aria-current={place.value.detail === peer.name ? "true" : undefined}
        >
          {TEXT.search}
        </a>
      </div>
      {said && (
        <p class={said.good ? "quiet" : "fault"} role={said.good ? "status" : "alert"}>
          {said.words}
        </p>
      )}
    </li>
  );
}

function PeerSearch({ peer }: { peer: Peer }) {
  const [search, setSearch] = useState(EVERYTHING);
  const [found, setFound] = useState<{ studies: Study[]; more: boolean } | null>(null);
  const [fault, setFault] = useState("");
  const [asking, setAsking] = useState(false);
  const ask = async () => {
    setAsking(true);
    setFault("");
    try {
      setFound(await query(peer.name, search));
    } catch (error) {
      setFound(null);
      setFault(wordsOf(error));
    }
    setAsking(false);
  };
  return (
    <section class="peer" aria-label={`Studies of ${peer.name}`} aria-busy={asking}>
      <h2>Studies of {peer.name}</h2>
      <SearchForm search={search} onChange={setSearch} onSubmit={() => void ask()}>
        <button type="submit" class="main" disabled={asking}>
          {TEXT.search}
        </button>
      </SearchForm>
      <p role="status" class="quiet">
        {asking && TEXT.searching}
        {!asking && found && some(found.studies.length, "study", "studies")}
        {!asking && found?.more && ", and more: narrow the search down"}
      </p>
      {fault && (
        <p class="fault" role="alert">
          {fault}
        </p>
      )}
      <ul class="jobs">
        {found?.studies.map((study) => (
          <PeerStudy key={study.uid} peer={peer} study={study} />
        ))}
      </ul>
    </section>
  );
}

function PeerStudy({ peer, study }: { peer: Peer; study: Study }) {
  const key = `${peer.name} ${study.uid}`;
  const facts = [study.patientId, study.date, study.description || UNDESCRIBED, study.modalities.join(" ")];
  if (study.instances) facts.push(TEXT.images(study.instances));
  return (
    <li>
      <div class="row">
        <strong>{titleOf(study)}</strong>
        <span class="quiet">{facts.filter(Boolean).join(" · ")}</span>
        <span class="grow" />
        <button
          type="button"
          aria-label={`Retrieve ${titleOf(study)} ${study.date}`}
          onClick={() => void begin(key, `From ${peer.name}`, () => retrieve(peer.name, study.uid))}
        >
          Retrieve
        </button>
        <a class="button" href={`#studies/${study.uid}`} aria-label={`Show ${titleOf(study)} here`}>
          Show here
        </a>
      </div>
      <WorkLine of={key} />
    </li>
  );
}

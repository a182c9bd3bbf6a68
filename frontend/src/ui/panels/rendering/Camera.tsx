/** Standard directions, spinning, bookmarks. */
import { useEffect, useState } from "preact/hooks";
import { playing, startsPlaying } from "../../../state/playing";
import {
  addBookmark,
  bookmarkFault,
  bookmarks,
  changeView,
  panelView,
  readBookmarks,
  removeBookmark,
} from "../../../state/rendering";
import { spinRate } from "../../../state/viewing";
import { Range } from "../../shell/fields";
import { DIRECTIONS } from "../../views/texts";
import { RENDERING } from "./texts";

const SPIN = { min: 5, max: 120, step: 5, usual: 30 };

export function Camera() {
  const view = panelView.value;
  const spins = playing(view).value;
  return (
    <>
      <div class="looks" role="group" aria-label={RENDERING.lookFrom}>
        {DIRECTIONS.map(({ letter, label }) => (
          <button
            key={letter}
            type="button"
            title={label}
            aria-label={label}
            onClick={() => changeView({ look_from: letter })}
          >
            {letter}
          </button>
        ))}
        <button type="button" aria-pressed={spins} onClick={() => startsPlaying(view)}>
          {RENDERING.spin}
        </button>
      </div>
      <Range
        label={RENDERING.spinRate}
        value={spinRate.value}
        {...SPIN}
        text={RENDERING.degrees(spinRate.value)}
        onInput={(rate) => {
          spinRate.value = rate;
        }}
      />
      <Bookmarks />
    </>
  );
}

function Bookmarks() {
  const [name, setName] = useState("");
  useEffect(() => void readBookmarks(), []);
  return (
    <fieldset class="bookmarks">
      <legend>{RENDERING.bookmarks}</legend>
      <ul>
        {bookmarks.value.map((bookmark) => (
          <li key={bookmark.name}>
            <button
              type="button"
              class="name"
              aria-label={RENDERING.goTo(bookmark.name)}
              onClick={() => changeView({ camera: bookmark.camera })}
            >
              {bookmark.name}
            </button>
            <button
              type="button"
              class="icon"
              aria-label={RENDERING.forget(bookmark.name)}
              title={RENDERING.forget(bookmark.name)}
              onClick={() => void removeBookmark(bookmark.name)}
            >
              ×
            </button>
          </li>
        ))}
      </ul>
      <form
        class="row"
        onSubmit={(event) => {
          event.preventDefault();
          void addBookmark(name.trim() || RENDERING.usualName(bookmarks.value.length + 1));
          setName("");
        }}
      >
        <input
          type="text"
          value={name}
          maxLength={80}
          placeholder={RENDERING.usualName(bookmarks.value.length + 1)}
          aria-label={RENDERING.bookmarkName}
          onInput={(event) => setName(event.currentTarget.value)}
        />
        <button type="submit">{RENDERING.remember}</button>
      </form>
      {bookmarkFault.value && <p role="alert">{RENDERING.fault(bookmarkFault.value)}</p>}
    </fieldset>
  );
}

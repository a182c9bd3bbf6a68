/** Who is here, what each may do, and looking around by oneself. */

import type { Role } from "../../../net/protocol";
import { colorOf, me, myName, nameOf, others, rename, setAlone } from "../../../state/share/people";
import { lookAlone, members, myId, stream } from "../../../state/store";
import { Check } from "../../shell/fields";
import { PEOPLE } from "./texts";

const ROLES: Role[] = ["steer", "point", "watch"];
const RANK: Record<Role, number> = { watch: 0, point: 1, steer: 2 };

export function People() {
  return (
    <section aria-label={PEOPLE.title}>
      <h3>{`${PEOPLE.title} (${members.value.length})`}</h3>
      <label class="share-field">
        <span>{PEOPLE.name}</span>
        <input
          type="text"
          maxLength={80}
          autocomplete="name"
          placeholder={PEOPLE.namePlaceholder}
          value={myName.value}
          onChange={(event) => rename(event.currentTarget.value.trim())}
          onKeyDown={(event) => event.stopPropagation()}
        />
      </label>
      <ul class="share-people">
        {members.value.map((member) => (
          <Person key={member.id} id={member.id} role={member.role} />
        ))}
      </ul>
      {others().length === 0 && <p class="quiet">{PEOPLE.nobody}</p>}
      <Check label={PEOPLE.alone} value={lookAlone.value} onChange={setAlone} />
      <p class="quiet">{PEOPLE.aloneHint}</p>
    </section>
  );
}

function Person({ id, role }: { id: string; role: Role }) {
  const isMe = id === myId.value;
  const mine = me()?.role ?? "watch";
  const name = nameOf(id);
  // Who steers gives any role; everybody may give up their own.
  const open = ROLES.filter((one) => mine === "steer" || (isMe && RANK[one] <= RANK[role]));
  return (
    <li>
      <span class="share-dot" style={{ "--who": colorOf(id) }} />
      <span class="share-name">{isMe ? PEOPLE.you(name) : name}</span>
      {open.length > 1 ? (
        <select
          aria-label={PEOPLE.role(name)}
          value={role}
          onChange={(event) => stream.grant(id, event.currentTarget.value as Role)}
        >
          {open.map((one) => (
            <option key={one} value={one}>
              {PEOPLE.roles[one]}
            </option>
          ))}
        </select>
      ) : (
        <span class="quiet">{PEOPLE.roles[role]}</span>
      )}
    </li>
  );
}

/** A button with a menu: arrow keys move in it, Escape and any click elsewhere close it. It lies over everything, so no edge cuts it. */
import type { ComponentChildren } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";

export interface MenuItem {
  id: string;
  label: string;
  /** A key that does the same. */
  key?: string;
  /** For a choice that is on or off. */
  checked?: boolean;
  disabled?: boolean;
  run(): void;
}

interface MenuProps {
  label: string;
  children: ComponentChildren;
  items: MenuItem[];
  class?: string;
}

const MARGIN = 6;

export function Menu({ label, children, items, class: name }: MenuProps) {
  const button = useRef<HTMLButtonElement>(null);
  const list = useRef<HTMLDivElement>(null);
  const [isOpen, setOpen] = useState(false);
  useEffect(() => {
    const menu = list.current;
    const anchor = button.current;
    if (!isOpen || !menu || !anchor) return;
    menu.showPopover();
    place(menu, anchor);
    menu.querySelector<HTMLButtonElement>("button:not(:disabled)")?.focus();
    const onToggle = (event: Event) => (event as ToggleEvent).newState === "closed" && setOpen(false);
    menu.addEventListener("toggle", onToggle);
    return () => menu.removeEventListener("toggle", onToggle);
  }, [isOpen]);
  const close = () => {
    list.current?.hidePopover();
    button.current?.focus();
  };
  return (
    <>
      <button
        ref={button}
        type="button"
        class={name ?? "icon"}
        aria-haspopup="menu"
        aria-expanded={isOpen}
        aria-label={label}
        title={label}
        onClick={() => setOpen(true)}
      >
        {children}
      </button>
      {isOpen && (
        <div
          ref={list}
          class="menu"
          role="menu"
          popover="auto"
          tabIndex={-1}
          aria-label={label}
          onKeyDown={(event) => {
            event.stopPropagation();
            if (move(event.currentTarget, event.key)) event.preventDefault();
            else if (event.key === "Escape" || event.key === "Tab") {
              event.preventDefault();
              close();
            }
          }}
        >
          {items.map((item) => (
            <button
              key={item.id}
              type="button"
              role={item.checked === undefined ? "menuitem" : "menuitemcheckbox"}
              aria-checked={item.checked}
              disabled={item.disabled}
              tabIndex={-1}
              onClick={() => {
                close();
                item.run();
              }}
            >
              <span>{item.label}</span>
              {item.key && <kbd>{item.key}</kbd>}
            </button>
          ))}
        </div>
      )}
    </>
  );
}

function place(menu: HTMLElement, anchor: HTMLElement): void {
  const at = anchor.getBoundingClientRect();
  const { offsetWidth: width, offsetHeight: height } = menu;
  const left = Math.min(at.left, innerWidth - width - MARGIN);
  const below = at.bottom + 2;
  const top = below + height + MARGIN > innerHeight ? Math.max(MARGIN, at.top - height - 2) : below;
  menu.style.left = `${Math.max(MARGIN, left)}px`;
  menu.style.top = `${top}px`;
}

/** Move the focus in a menu; whether the key does that. */
function move(menu: HTMLElement, key: string): boolean {
  const buttons = [...menu.querySelectorAll<HTMLButtonElement>("button:not(:disabled)")];
  const now = buttons.indexOf(document.activeElement as HTMLButtonElement);
  const to = {
    ArrowDown: (now + 1) % buttons.length,
    ArrowUp: (now - 1 + buttons.length) % buttons.length,
    Home: 0,
    End: buttons.length - 1,
  }[key];
  if (to === undefined) return false;
  buttons[to]?.focus();
  return true;
}

/** A line icon; what it means is said by the button that holds it. */
export function Icon({ path }: { path: string }) {
  return (
    <svg class="line-icon" viewBox="0 0 24 24" width="20" height="20" aria-hidden="true">
      <path d={path} />
    </svg>
  );
}

// The one-time token is in the fragment, which browsers never send. It is read once and taken out of the address, so that
// it is neither in the history nor on a screenshot.
let token: string | null = null;

export function takeToken(): string {
  const given = new URLSearchParams(window.location.hash.slice(1)).get('token');
  if (given) {
    token = given;
    window.history.replaceState(window.history.state, '', window.location.pathname);
  }
  return token ?? '';
}

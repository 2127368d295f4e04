// Some changes need a proof not older than five minutes. The server says so; the person is asked once, and the request
// is sent again. Only what the screen offers: the server decides.

type Asker = () => Promise<boolean>;

let asker: Asker | null = null;
let asking: Promise<boolean> | null = null;

// The dialog registers itself while it is on the page.
export function proofIsAskedBy(ask: Asker): () => void {
  asker = ask;
  return () => {
    if (asker === ask) asker = null;
  };
}

// Several requests that wait at the same time are one question.
function askForProof(): Promise<boolean> {
  if (asker === null) return Promise.resolve(false);
  asking ??= asker().finally(() => {
    asking = null;
  });
  return asking;
}

export async function needsProof(response: Response): Promise<boolean> {
  if (response.status !== 403) return false;
  const body: unknown = await response.clone().json().catch(() => null);
  return typeof body === 'object' && body !== null && 'code' in body && body.code === 'session.step_up_required';
}

// The answer to `again`, sent once more if the person has proven who it is; else the refusal as it came.
export async function afterProof(refusal: Response, again: Request): Promise<Response> {
  return (await askForProof()) ? fetch(again) : refusal;
}

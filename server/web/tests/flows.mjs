// What people do, in Chromium against the made-up server: each main path, and what must not happen on the way. A part:
// node --test tests/flows/session.mjs.

import './flows/orders.mjs';
import './flows/live.mjs';
import './flows/lists.mjs';
import './flows/session.mjs';
import './flows/page.mjs';

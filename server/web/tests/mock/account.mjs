// One’s own account, and proving that it is oneself. What is not named changes nothing that anybody looks at.
import { Refusal, needProof } from './common.mjs';
import { needCode } from './session.mjs';

const recovery_codes = Array.from({ length: 10 }, (_, n) => `${n}abc-defg-hijk-lmn${n}`);

function accountSessions({ at }) {
  return [
    { id: 'a'.repeat(64), created_at: at(3600), last_used_at: at(20), expires_at: at(-600_000), address: '192.0.2.17', current: true },
    { id: 'b'.repeat(64), created_at: at(90_000), last_used_at: at(7200), expires_at: at(-500_000), address: '2001:db8:85a3:0:0:8a2e:370:7334', current: false },
    { id: 'c'.repeat(64), created_at: at(180_000), last_used_at: at(40_000), expires_at: at(-400_000), address: null, current: false },
  ];
}

function stepUp(mock, body) {
  if (mock.factor) needCode(body);
  else if (body.password !== 'correct horse battery') throw new Refusal(422, 'password.wrong', 'This is not your password.', 'password');
  mock.proven = true;
}

export const account_routes = {
  'POST /api/v1/session/step-up': (mock, body) => (stepUp(mock, body), [204]),
  'GET /api/v1/account/second-factor': (mock) => [200, { enabled: mock.factor, required: mock.required, since: mock.factor ? mock.fleet.at(86400) : null, recovery_codes_left: mock.factor ? 9 : 0 }],
  'POST /api/v1/account/second-factor': (mock) => (needProof(mock), [201, { secret: 'GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ', uri: 'otpauth://totp/RedFlag:mara?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=RedFlag&algorithm=SHA1&digits=6&period=30' }]),
  'POST /api/v1/account/second-factor/confirm': (mock, body) => (needCode(body), (mock.factor = true), [201, { recovery_codes }]),
  'POST /api/v1/account/second-factor/recovery-codes': (_mock, body) => (needCode(body), [201, { recovery_codes }]),
  'POST /api/v1/account/second-factor/off': (mock, body) => (needCode(body), (mock.factor = false), [204]),
  'GET /api/v1/account/sessions': (mock) => [200, { items: accountSessions(mock.fleet) }],
  'DELETE /api/v1/account/sessions': (mock) => ((mock.role = null), [204]),
};

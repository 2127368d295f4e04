// The text forms of bytes and times, and canonical fields: what is accepted is written the same again.
#include "base/encoding.h"
#include "base/time.h"
#include "fuzz.h"
#include "protocol/canonical.h"

namespace redflag::fuzz {

REDFLAG_FUZZ(text_forms) {
  if (const auto bytes = fromBase64(input)) claim(toBase64(*bytes) == input, "base64 has one form");
  if (const auto bytes = fromBase64Url(input)) claim(toBase64Url(*bytes) == input, "base64url has one form");
  if (const auto bytes = fromHex(input))
    claim(fromHex(toHex(*bytes)).value_or("") == *bytes, "hexadecimal reads back");
  claim(fromBase64(toBase64(input)).value_or("") == input, "any bytes have a base64 form");
  if (const auto at = fromRfc3339(input)) {
    const auto again = fromRfc3339(toRfc3339(*at));
    // Also before 1970 written down to the millisecond that it is in.
    claim(again.has_value() && *at >= *again && *at - *again < kMillisecondNs, "a time reads back");
  }
  static_cast<void>(isId(input));

  protocol::CanonicalReader in(input);
  protocol::CanonicalWriter out;
  const auto count = in.count(16);
  if (!in.ok()) return;
  out.count(count);
  for (std::uint32_t i = 0; i < count && in.ok(); ++i) {
    if (i % 2 == 0) {
      out.bytes(in.bytes(64));
    } else {
      out.integer(in.integer());
    }
  }
  if (in.atEnd()) claim(out.result() == input, "canonical fields have one form");
}

}  // namespace redflag::fuzz

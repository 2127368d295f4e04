// What a server hands out at a fetch, against a list of command keys: nothing passes that none of them
// signed.
#include "fuzz.h"
#include "protocol/command_list.h"
#include "protocol/limits.h"

namespace redflag::fuzz {

REDFLAG_FUZZ(order) {
  using namespace protocol;
  // The public key of sdk/protocol/vectors/envelope.json's seed.
  static const auto kKey =
      SigningKey::fromSeed(std::string_view("\0\1\2\3\4\5\6\7\10\11\12\13\14\15\16\17"
                                            "\20\21\22\23\24\25\26\27\30\31\32\33\34\35\36\37",
                                            kSeedBytes))
          .value();
  static const CommandList kList{
      .keys = {{{keyId(kKey.publicKey()), kKey.publicKey()}, 0, std::int64_t{1} << 62U}},
      .restore_epoch = 1,
      .urls = {},
      .authorities = {}};
  const auto json = parseJson(input, {.bytes = kMaxFetchBytes, .depth = 8, .values = 100'000});
  if (!json) return;
  const auto opened = openListed(*json, kList, 1'740'794'400'123'456'789);
  if (!opened) return;
  claim(opened->key_id == keyId(kKey.publicKey()), "only the listed key's orders pass");
  claim(opened->restore_epoch == 1, "only the present epoch's orders pass");
}

}  // namespace redflag::fuzz

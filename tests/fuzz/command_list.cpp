// The list of command keys.
#include "protocol/command_list.h"

#include "fuzz.h"

namespace redflag::fuzz {

REDFLAG_FUZZ(command_list) {
  const auto list = protocol::decodeCommandList(input);
  if (!list) return;
  const auto text = protocol::encodeCommandList(*list);
  claim(text.has_value(), "what was decoded can be encoded");
  const auto again = protocol::decodeCommandList(*text);
  claim(again.has_value() && again->keys.size() == list->keys.size() &&
            again->restore_epoch == list->restore_epoch && again->urls == list->urls,
        "it reads back");
  for (const auto& listed : list->keys) {
    claim(listed.key.key_id == protocol::keyId(listed.key.public_key), "a key's id is derived from it");
    static_cast<void>(list->publicKey(listed.key.key_id, listed.not_before));
  }
}

}  // namespace redflag::fuzz

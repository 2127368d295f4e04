#pragma once
// A request that was refused, or a connection that was cut, as the front tells of it.

#include <functional>
#include <string>

#include "http/message.h"

namespace redflag::http {

struct Refusal {
  int status = 0;  // 0: cut without an answer
  std::string code;
  std::string route;  // as the table has it, or "-"; never what the request said
  std::string peer;
  std::string request_id;
  std::string subject;  // whom it claimed to be: "" where it is not known
  Principal principal;  // kNobody when that was what it was refused for
};

// Must neither wait nor throw. [any worker thread]
using RefusalListener = std::function<void(const Refusal&)>;

}  // namespace redflag::http

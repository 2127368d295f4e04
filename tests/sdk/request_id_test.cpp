// The request's id in front of what is logged while a thread works on it.
#include <gtest/gtest.h>

#include <thread>

#include "base/request_flag.h"

namespace redflag {
namespace {

std::string logged() {
  spdlog::pattern_formatter formatter;
  formatter.add_flag<RequestFlag>(RequestFlag::kFlag).set_pattern("%l %q%v");
  spdlog::memory_buf_t out;
  formatter.format({"", spdlog::level::info, "text"}, out);
  return fmt::to_string(out).substr(0, out.size() - 1);  // without the line's end
}

TEST(RequestId, is_in_each_line_of_its_scope_and_of_its_thread_alone) {
  EXPECT_EQ(logged(), "info text");
  RequestScope::setId("nobody's");
  EXPECT_EQ(logged(), "info text");
  {
    const RequestScope scope("A1");
    EXPECT_EQ(logged(), "info request_id=A1 text");
    {
      const RequestScope none;
      EXPECT_EQ(logged(), "info text") << "what is done meanwhile for nobody";
      RequestScope::setId("B2");
      EXPECT_EQ(logged(), "info request_id=B2 text");
    }
    EXPECT_EQ(logged(), "info request_id=A1 text");
    std::thread([] { EXPECT_EQ(logged(), "info text"); }).join();
  }
  EXPECT_EQ(logged(), "info text");
}

TEST(RequestId, of_a_peer_is_a_short_word_or_none) {
  EXPECT_EQ(checkedRequestId("01JM8ZC9T0QK5V3N7RWX2YBD4E"), "01JM8ZC9T0QK5V3N7RWX2YBD4E");
  EXPECT_EQ(checkedRequestId("3d1f-9"), "3d1f-9");
  for (const std::string& bad : {std::string("a b"), std::string("a\nHISTORY"), std::string("a=b"),
                                 std::string("\x1b[1m"), std::string(65, 'a'), std::string()})
    EXPECT_EQ(checkedRequestId(bad), "") << bad;
}

}  // namespace
}  // namespace redflag

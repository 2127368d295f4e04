#include "host/frame.h"

#include <gtest/gtest.h>

#include "redflag/abi.h"

namespace redflag::host {
namespace {

TEST(FrameDecoder, finds_frames_in_bytes_that_come_one_by_one) {
  const std::string stream = encodeFrame(FrameType::kRecord, "{}") + encodeFrame(FrameType::kLog, "") +
                             encodeFrame(FrameType::kDone, "x");
  FrameDecoder decoder;
  std::vector<Frame> frames;
  for (const char byte : stream) {
    decoder.feed({&byte, 1});
    auto frame = decoder.next();
    ASSERT_TRUE(frame);
    if (frame->has_value()) frames.push_back(**frame);
  }
  ASSERT_EQ(frames.size(), 3U);
  EXPECT_EQ(frames[0].type, FrameType::kRecord);
  EXPECT_EQ(frames[0].payload, "{}");
  EXPECT_EQ(frames[1].payload, "");
  EXPECT_EQ(frames[2].payload, "x");
  EXPECT_EQ(decoder.buffered(), 0U);
}

TEST(FrameDecoder, finds_all_frames_that_came_at_once) {
  FrameDecoder decoder;
  std::string stream;
  for (int i = 0; i < 1000; ++i)
    stream += encodeFrame(FrameType::kRecord, std::to_string(i));
  decoder.feed(stream);
  for (int i = 0; i < 1000; ++i)
    EXPECT_EQ((**decoder.next()).payload, std::to_string(i));
  EXPECT_FALSE(decoder.next()->has_value());
}

TEST(FrameDecoder, accepts_a_frame_of_the_limit_and_refuses_one_byte_more_before_it_has_come) {
  FrameDecoder decoder(8);
  decoder.feed(encodeFrame(FrameType::kRecord, "12345678"));
  EXPECT_EQ((**decoder.next()).payload, "12345678");
  decoder.feed(encodeFrame(FrameType::kRecord, "123456789").substr(0, kFrameHeaderBytes));
  EXPECT_EQ(decoder.next().error().code, Code::kInvalid);
}

TEST(FrameDecoder, refuses_a_length_with_the_highest_bit) {
  FrameDecoder decoder;
  decoder.feed(std::string("\xff\xff\xff\xff\x04", 5));
  EXPECT_FALSE(decoder.next());
}

TEST(FrameDecoder, stays_broken_after_garbage) {
  FrameDecoder decoder;
  decoder.feed("this is no frame");
  EXPECT_FALSE(decoder.next());
  decoder.feed(encodeFrame(FrameType::kDone, "{}"));
  EXPECT_FALSE(decoder.next());
  EXPECT_EQ(decoder.buffered(), 0U);
}

TEST(FrameDecoder, knows_every_type_and_no_other) {
  for (int type = 0; type < 256; ++type) {
    FrameDecoder decoder;
    decoder.feed(encodeFrame(static_cast<FrameType>(type), ""));
    const bool known = (type >= 1 && type <= 12) || (type >= 31 && type <= 34);
    EXPECT_EQ(decoder.next().has_value(), known) << type;
  }
}

TEST(StateFrame, comes_back_as_it_was_put) {
  const std::string value("any\0bytes\xff", 10);
  const auto state = decodeState(encodeState("a.key-1", value));
  ASSERT_TRUE(state);
  EXPECT_EQ(state->first, "a.key-1");
  EXPECT_EQ(state->second, value);
}

TEST(StateFrame, refuses_bad_keys_and_short_payloads) {
  EXPECT_FALSE(decodeState(""));
  EXPECT_FALSE(
      decodeState(std::string("\x05\x00"
                              "abc",
                              5)));
  EXPECT_FALSE(decodeState(encodeState("", "v")));
  EXPECT_FALSE(decodeState(encodeState("Upper", "v")));
  EXPECT_FALSE(decodeState(encodeState("../up", "v")));
  EXPECT_FALSE(decodeState(encodeState(std::string(65, 'a'), "v")));
  EXPECT_TRUE(decodeState(encodeState(std::string(64, 'a'), "")));
}

TEST(StatusName, is_the_same_both_ways) {
  for (rf_status status = RF_OK; status <= RF_INTERNAL; ++status) {
    EXPECT_EQ(statusFromName(statusName(status)).value(), status);
  }
  EXPECT_STREQ(statusName(99), "internal");
  EXPECT_STREQ(statusName(-1), "internal");
  EXPECT_FALSE(statusFromName("fine"));
}

}  // namespace
}  // namespace redflag::host

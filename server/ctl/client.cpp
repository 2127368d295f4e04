#include "ctl/client.h"

#include <curl/curl.h>

#include <memory>
#include <stdexcept>

namespace redflag::ctl {
namespace {

constexpr std::size_t kMaxBody = 64U << 20;
constexpr long kConnectSeconds = 10;
constexpr long kAnswerSeconds = 300;

struct HeadersDeleter {
  void operator()(curl_slist* list) const { curl_slist_free_all(list); }
};
using Headers = std::unique_ptr<curl_slist, HeadersDeleter>;

void append(Headers& headers, const std::string& line) {
  curl_slist* longer = curl_slist_append(headers.get(), line.c_str());
  if (longer == nullptr) throw std::bad_alloc();
  (void)headers.release();
  headers.reset(longer);
}

}  // namespace

struct Client::Exchange {
  CURL* curl = nullptr;
  const std::function<void(std::string_view)>* sink = nullptr;
  std::string body;

  static std::size_t write(char* bytes, std::size_t, std::size_t size, void* self) {
    auto& exchange = *static_cast<Exchange*>(self);
    long status = 0;
    curl_easy_getinfo(exchange.curl, CURLINFO_RESPONSE_CODE, &status);
    if (exchange.sink != nullptr && status == 200) {
      (*exchange.sink)({bytes, size});
      return size;
    }
    if (exchange.body.size() + size > kMaxBody) return 0;
    exchange.body.append(bytes, size);
    return size;
  }
};

Client::Client(const Profile& profile) : profile_(profile), curl_(curl_easy_init()) {
  if (curl_ == nullptr) throw std::runtime_error("libcurl could not be started");
}

Client::~Client() {
  curl_easy_cleanup(static_cast<CURL*>(curl_));
}

Answer Client::ask(const Request& request) {
  Exchange exchange;
  return perform(request, exchange, kAnswerSeconds);
}

Answer Client::stream(const Request& request, const std::function<void(std::string_view)>& sink) {
  Exchange exchange;
  exchange.sink = &sink;
  return perform(request, exchange, 0);
}

Answer Client::perform(const Request& request, Exchange& exchange, long timeout_s) {
  CURL* curl = static_cast<CURL*>(curl_);
  curl_easy_reset(curl);
  exchange.curl = curl;
  char reason[CURL_ERROR_SIZE] = {};
  Headers headers;
  append(headers, "Authorization: Bearer " + profile_.token);
  append(headers, "Accept: */*");
  append(headers, "Expect:");
  for (const auto& [name, value] : request.headers)
    append(headers, name + ": " + value);
  if (!request.body.empty()) append(headers, "Content-Type: application/json");
  curl_easy_setopt(curl, CURLOPT_URL, (profile_.server + request.target).c_str());
  curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "https");
  curl_easy_setopt(curl, CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
  curl_easy_setopt(curl, CURLOPT_NETRC, static_cast<long>(CURL_NETRC_IGNORED));
  curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT, kConnectSeconds);
  curl_easy_setopt(curl, CURLOPT_TIMEOUT, timeout_s);
  curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, reason);
  curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers.get());
  curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, request.method.c_str());
  if (request.method != "GET") {
    curl_easy_setopt(curl, CURLOPT_POSTFIELDS, request.body.data());
    curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request.body.size()));
  }
  curl_blob authorities{const_cast<char*>(profile_.authorities.data()), profile_.authorities.size(),
                        CURL_BLOB_NOCOPY};
  if (!profile_.authorities.empty()) {
    curl_easy_setopt(curl, CURLOPT_CAINFO_BLOB, &authorities);
    curl_easy_setopt(curl, CURLOPT_CAPATH, nullptr);
  }
  curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, &Exchange::write);
  curl_easy_setopt(curl, CURLOPT_WRITEDATA, &exchange);
  const CURLcode code = curl_easy_perform(curl);
  curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, nullptr);
  if (code != CURLE_OK)
    throw Unreachable(profile_.server + ": " + (reason[0] != '\0' ? reason : curl_easy_strerror(code)));
  Answer answer;
  long status = 0;
  char* type = nullptr;
  curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
  curl_easy_getinfo(curl, CURLINFO_CONTENT_TYPE, &type);
  answer.status = static_cast<int>(status);
  answer.content_type = type != nullptr ? type : "";
  answer.body = std::move(exchange.body);
  return answer;
}

}  // namespace redflag::ctl

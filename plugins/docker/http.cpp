#include "http.h"

#include <curl/curl.h>

#include <algorithm>
#include <cctype>
#include <mutex>

namespace redflag::docker {
namespace {

constexpr long kConnectMs = 5'000;
constexpr std::size_t kMaxHeaderBytes = 64U << 10U;
constexpr std::int64_t kMillisecond = 1'000'000;

// As long as the process: libcurl's own state is nobody's to end while another plugin object may use it.
void startCurl() {
  static std::once_flag once;
  std::call_once(once, [] { curl_global_init(CURL_GLOBAL_DEFAULT); });
}

struct UrlDeleter {
  void operator()(CURLU* url) const { curl_url_cleanup(url); }
};
using Url = std::unique_ptr<CURLU, UrlDeleter>;

std::string partOf(CURLU* url, CURLUPart part, unsigned flags = 0) {
  char* text = nullptr;
  if (curl_url_get(url, part, &text, flags) != CURLUE_OK) return {};
  std::string out(text);
  curl_free(text);
  return out;
}

Url parsedUrl(const std::string& text) {
  Url url(curl_url());
  if (!url || curl_url_set(url.get(), CURLUPART_URL, text.c_str(), 0) != CURLUE_OK) return nullptr;
  return url;
}

Problem problemOf(CURLcode code) {
  switch (code) {
    case CURLE_OPERATION_TIMEDOUT:
      return {RF_TRANSIENT, "docker.slow", "did not answer in time"};
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_CONNECT_ERROR:
      return {RF_TRANSIENT, "docker.certificate", curl_easy_strerror(code)};
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_CONNECT:
    case CURLE_SEND_ERROR:
      return {RF_TRANSIENT, "docker.unreachable", curl_easy_strerror(code)};
    default:
      return {RF_TRANSIENT, "docker.malformed", curl_easy_strerror(code)};
  }
}

// Why there was no way through the proxy. `tunnel`: what it answered to CONNECT; 0: nothing.
Problem problemWithProxy(const HttpRequest& request, CURLcode code, long tunnel) {
  const auto who = "the proxy " + request.proxy;
  const auto answer = who + " answers " + std::to_string(tunnel) + " for " + originOf(request.url) + ": ";
  if (tunnel == 407)
    return {RF_MISCONFIGURED, "docker.proxy",
            answer +
                (request.proxy_user_password.empty()
                     ? "it wants a password, and settings.credentials_file has none as "
                     : "it refuses the password that settings.credentials_file has as ") +
                request.proxy};
  if (tunnel != 0 && tunnel / 100 != 2)
    return {RF_TRANSIENT, "docker.proxy",
            answer + (tunnel == 403 ? "it lets nobody go there from here" : "it found no way there")};
  if (code == CURLE_COULDNT_RESOLVE_PROXY || code == CURLE_COULDNT_CONNECT)
    return {RF_TRANSIENT, "docker.proxy", who + " is not reached: " + curl_easy_strerror(code)};
  auto problem = problemOf(code);
  problem.text += ", asked through " + who;
  return problem;
}

}  // namespace

struct HttpClient::Exchange {
  const HttpRequest& request;
  HttpClient& client;
  HttpReply reply;
  std::size_t header_bytes = 0;
  std::size_t body_bytes = 0;
  bool too_long = false;
  curl_slist* headers = nullptr;

  Exchange(const HttpRequest& asked, HttpClient& owner) : request(asked), client(owner) {
    for (const auto& header : asked.headers)
      headers = curl_slist_append(headers, header.c_str());
    headers = curl_slist_append(headers, "Expect:");  // no answer between the heads of a POST
  }
  ~Exchange() { curl_slist_free_all(headers); }
  Exchange(const Exchange&) = delete;
  Exchange& operator=(const Exchange&) = delete;

  bool takeHeader(std::string_view line) {
    header_bytes += line.size();
    if (header_bytes > kMaxHeaderBytes) return !(too_long = true);
    if (line.starts_with("HTTP/")) reply.headers.clear();
    const auto colon = line.find(':');
    if (colon == std::string_view::npos) return true;
    std::string name(line.substr(0, colon));
    std::transform(name.begin(), name.end(), name.begin(), [](unsigned char c) { return std::tolower(c); });
    line.remove_prefix(colon + 1);
    const auto first = std::min(line.find_first_not_of(" \t"), line.size());
    line.remove_prefix(first);
    while (!line.empty() && std::isspace(static_cast<unsigned char>(line.back())) != 0)
      line.remove_suffix(1);
    reply.headers.emplace(std::move(name), line);
    return true;
  }
  bool takeBody(std::string_view piece) {
    body_bytes += piece.size();
    if (body_bytes > request.max_bytes) return !(too_long = true);
    if (request.sink) return request.sink(piece);
    reply.body.append(piece);
    return true;
  }
};

std::string HttpReply::header(const std::string& name) const {
  const auto found = headers.find(name);
  return found == headers.end() ? std::string() : found->second;
}

HttpClient::HttpClient(std::function<bool()> stopped) : stopped_(std::move(stopped)) {
  startCurl();
  handle_ = curl_easy_init();
}

HttpClient::~HttpClient() {
  curl_easy_cleanup(handle_);
}

// Set in any case: what is not is read from the environment.
void HttpClient::prepareWay(const HttpRequest& request) {
  auto* handle = static_cast<CURL*>(handle_);
  const auto set = [handle](CURLoption option, auto value) { curl_easy_setopt(handle, option, value); };
  set(CURLOPT_PROXY, request.proxy.c_str());
  set(CURLOPT_NOPROXY, "");
  if (request.proxy.empty()) return;
  set(CURLOPT_PROXYAUTH, static_cast<long>(CURLAUTH_BASIC));
  set(CURLOPT_PROXY_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
  // What is for the registry goes into the tunnel, and what the proxy says is no answer of the registry's.
  set(CURLOPT_HEADEROPT, static_cast<long>(CURLHEADER_SEPARATE));
  set(CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
  if (request.proxy_user_password.empty()) return;
  const auto colon = request.proxy_user_password.find(':');
  set(CURLOPT_PROXYUSERNAME, request.proxy_user_password.substr(0, colon).c_str());
  set(CURLOPT_PROXYPASSWORD,
      colon == std::string::npos ? "" : request.proxy_user_password.substr(colon + 1).c_str());
}

void HttpClient::prepare(const HttpRequest& request, Exchange& exchange) {
  auto* handle = static_cast<CURL*>(handle_);
  curl_easy_reset(handle);
  const auto set = [handle](CURLoption option, auto value) { curl_easy_setopt(handle, option, value); };
  set(CURLOPT_URL, request.url.c_str());
  set(CURLOPT_PROTOCOLS_STR, "http,https");
  set(CURLOPT_FOLLOWLOCATION, 0L);
  set(CURLOPT_NETRC, static_cast<long>(CURL_NETRC_IGNORED));
  set(CURLOPT_NOSIGNAL, 1L);
  set(CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_1_1));
  set(CURLOPT_HTTPAUTH, static_cast<long>(CURLAUTH_BASIC));
  set(CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
  set(CURLOPT_CONNECTTIMEOUT_MS, kConnectMs);
  set(CURLOPT_TIMEOUT_MS, static_cast<long>(std::max<std::int64_t>(request.timeout_ns / kMillisecond, 1)));
  set(CURLOPT_USERAGENT, "redflag");
  set(CURLOPT_HTTPHEADER, exchange.headers);
  if (request.method == "HEAD") set(CURLOPT_NOBODY, 1L);
  if (request.method == "POST") {
    set(CURLOPT_POST, 1L);
    set(CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request.body.size()));
    set(CURLOPT_POSTFIELDS, request.body.c_str());
  }
  if (request.method == "DELETE") set(CURLOPT_CUSTOMREQUEST, "DELETE");
  prepareWay(request);
  if (!request.socket.empty()) set(CURLOPT_UNIX_SOCKET_PATH, request.socket.c_str());
  if (!request.user_password.empty()) {
    const auto colon = request.user_password.find(':');
    set(CURLOPT_USERNAME, request.user_password.substr(0, colon).c_str());
    set(CURLOPT_PASSWORD, colon == std::string::npos ? "" : request.user_password.substr(colon + 1).c_str());
  }
  if (!request.certificates.empty()) {
    curl_blob blob{const_cast<char*>(request.certificates.data()), request.certificates.size(),
                   CURL_BLOB_COPY};
    set(CURLOPT_CAINFO_BLOB, &blob);
  }
  using Take = std::size_t (*)(char*, std::size_t, std::size_t, void*);
  set(CURLOPT_HEADERDATA, &exchange);
  set(CURLOPT_HEADERFUNCTION, static_cast<Take>([](char* data, std::size_t, std::size_t size, void* to) {
        return static_cast<Exchange*>(to)->takeHeader({data, size}) ? size : 0;
      }));
  set(CURLOPT_WRITEDATA, &exchange);
  set(CURLOPT_WRITEFUNCTION, static_cast<Take>([](char* data, std::size_t, std::size_t size, void* to) {
        return static_cast<Exchange*>(to)->takeBody({data, size}) ? size : 0;
      }));
  using Progress = int (*)(void*, curl_off_t, curl_off_t, curl_off_t, curl_off_t);
  set(CURLOPT_NOPROGRESS, 0L);
  set(CURLOPT_XFERINFODATA, this);
  set(CURLOPT_XFERINFOFUNCTION,
      static_cast<Progress>([](void* self, curl_off_t, curl_off_t, curl_off_t, curl_off_t) {
        return static_cast<HttpClient*>(self)->stopped_() ? 1 : 0;
      }));
}

Result<HttpReply> HttpClient::send(const HttpRequest& request) {
  if (handle_ == nullptr) return fail(RF_INTERNAL, "docker.no_http", "libcurl could not be started");
  Exchange exchange(request, *this);
  prepare(request, exchange);
  const auto code = curl_easy_perform(static_cast<CURL*>(handle_));
  if (stopped_()) return fail(RF_CANCELLED, "docker.cancelled", "the run was ended");
  if (exchange.too_long)
    return fail(RF_TRANSIENT, "docker.endless",
                "answers more than " + std::to_string(request.max_bytes) + " bytes");
  if (code == CURLE_WRITE_ERROR && request.sink)
    return fail(RF_TRANSIENT, "docker.malformed", "the answer was left");
  if (code != CURLE_OK && request.proxy.empty()) return tl::unexpected<Problem>(problemOf(code));
  if (code != CURLE_OK) {
    long tunnel = 0;
    curl_easy_getinfo(static_cast<CURL*>(handle_), CURLINFO_HTTP_CONNECTCODE, &tunnel);
    return tl::unexpected<Problem>(problemWithProxy(request, code, tunnel));
  }
  long status = 0;
  curl_easy_getinfo(static_cast<CURL*>(handle_), CURLINFO_RESPONSE_CODE, &status);
  exchange.reply.status = static_cast<int>(status);
  return std::move(exchange.reply);
}

std::string originOf(const std::string& url) {
  const auto parsed = parsedUrl(url);
  if (!parsed) return {};
  const auto scheme = partOf(parsed.get(), CURLUPART_SCHEME);
  return scheme + "://" + partOf(parsed.get(), CURLUPART_HOST) + ":" +
         partOf(parsed.get(), CURLUPART_PORT, CURLU_DEFAULT_PORT);
}

bool isHttps(const std::string& url) {
  return originOf(url).starts_with("https://");
}

std::string proxyAddress(std::string_view text) {
  const auto scheme = text.find("://");
  const auto rest = scheme == std::string_view::npos ? text : text.substr(scheme + 3);
  const auto host = rest.substr(0, rest.find('/'));
  // A password with a / in it: what is before that is no host.
  if (rest.find('@', host.size()) != std::string_view::npos) return {};
  const auto at = host.rfind('@');
  std::string url(scheme == std::string_view::npos ? "http" : text.substr(0, scheme));
  url += "://";
  url += at == std::string_view::npos ? host : host.substr(at + 1);
  auto origin = originOf(url);
  std::transform(origin.begin(), origin.end(), origin.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return origin.starts_with("http://") || origin.starts_with("https://") ? origin : std::string();
}

std::string resolved(const std::string& base, const std::string& relative) {
  const auto url = parsedUrl(base);
  if (!url || curl_url_set(url.get(), CURLUPART_URL, relative.c_str(), 0) != CURLUE_OK) return {};
  const auto scheme = partOf(url.get(), CURLUPART_SCHEME);
  if (scheme != "https" && scheme != "http") return {};
  // Somebody else's password in an address is no business of ours.
  if (!partOf(url.get(), CURLUPART_USER).empty()) return {};
  curl_url_set(url.get(), CURLUPART_FRAGMENT, nullptr, 0);
  return partOf(url.get(), CURLUPART_URL);
}

std::string urlEncoded(std::string_view text) {
  startCurl();
  char* encoded = curl_easy_escape(nullptr, text.data(), static_cast<int>(text.size()));
  if (encoded == nullptr) return {};
  std::string out(encoded);
  curl_free(encoded);
  return out;
}

}  // namespace redflag::docker

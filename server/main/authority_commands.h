#pragma once
// `redflag-server ca show|rotate|retire`: the server's own certificate authority, changed without visiting a
// machine. A server may be running on the folder; it is the one that switches.

namespace CLI {
class App;
}

namespace redflag::server {

void addAuthority(CLI::App& app);

}  // namespace redflag::server

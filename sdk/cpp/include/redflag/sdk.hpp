#pragma once
// The C++ layer over the plugin ABI: header-only, C++20, nothing but the standard library. See sdk/README.md.

#include "redflag/builders.hpp"
#include "redflag/library.hpp"
#include "redflag/plugin.hpp"
#include "redflag/run.hpp"
#include "redflag/services.hpp"
#include "redflag/status.hpp"

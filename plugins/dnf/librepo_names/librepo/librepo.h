#pragma once
// libdnf's headers name two of librepo's types and use nothing else of it. The real header's package cannot
// be installed beside the development files of a libcurl that uses OpenSSL.

typedef struct _LrHandle LrHandle;
typedef struct _LrResult LrResult;

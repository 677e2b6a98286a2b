// When operations ran, for lib/engine/profile.ts.
#pragma once

#include <node_api.h>

namespace bipe {

/** Adds `startRecording` and `stopRecording` to the module. */
void ExportRecorder(napi_env env, napi_value exports);

}  // namespace bipe

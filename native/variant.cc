// The kernels for one instruction set: BIPE_VARIANT names it, the compiler's -march makes it.
#include "attention.inc.h"
#include "rows.inc.h"
#include "sparse.inc.h"

#define BIPE_TEXT_OF(x) #x
#define BIPE_TEXT(x) BIPE_TEXT_OF(x)

namespace bipe {

extern const Kernels BIPE_TABLE;
const Kernels BIPE_TABLE = {
    BIPE_TITLE,
    BIPE_VARIANT::Attention,
    BIPE_VARIANT::AttentionGradient,
    BIPE_VARIANT::CachedAttention,
    BIPE_VARIANT::RmsNorm,
    BIPE_VARIANT::RmsNormGradient,
    BIPE_VARIANT::Swiglu,
    BIPE_VARIANT::SwigluGradient,
    BIPE_VARIANT::Rotate,
    BIPE_VARIANT::SplitHeads,
    BIPE_VARIANT::JoinHeads,
    BIPE_VARIANT::NestedPositions,
    BIPE_VARIANT::CrossEntropy,
    BIPE_VARIANT::AddSparseMlp,
};

}  // namespace bipe

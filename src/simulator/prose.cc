#include "simulator/prose.h"

#include <algorithm>
#include <iterator>

#include "base/ids.h"

namespace archestra::simulator {
namespace {

// clang-format off
constexpr std::string_view kVocabulary[] = {
    " the", " of", " and", " a", " to", " in", " is", " you", " that", " it", " for", " was", " on", " are",
    " as", " with", " they", " at", " be", " this", " have", " from", " or", " one", " had", " by", " word",
    " but", " not", " what", " all", " were", " we", " when", " your", " can", " said", " there", " use",
    " an", " each", " which", " she", " do", " how", " their", " if", " will", " up", " other", " about",
    " out", " many", " then", " them", " these", " so", " some", " her", " would", " make", " like",
    " data:", " {}", " café", " naïve", " 東京", " 🚀", " Ελλάδα", " \\\"no\\\"", "\\n\\n", "\\tcode",
    " \\u00e9t\\u00e9", " 0.25", " https://example.com/?a=b&c=d", " end.",
};
// clang-format on

}  // namespace

Prose::Prose(std::uint64_t seed) {
  base::Random random(seed);
  starts_.reserve(kWords + 1);
  for (std::size_t i = 0; i < kWords; ++i) {
    starts_.push_back(text_.size());
    text_.append(kVocabulary[random.below(std::size(kVocabulary))]);
  }
  starts_.push_back(text_.size());
}

std::string_view Prose::word(std::size_t index) const {
  const std::size_t at = index % kWords;
  return std::string_view(text_).substr(starts_[at], starts_[at + 1] - starts_[at]);
}

void Prose::append_words(std::string& out, std::size_t first, std::size_t count) const {
  while (count > 0) {
    const std::size_t at = first % kWords;
    const std::size_t run = std::min(count, kWords - at);
    out.append(text_, starts_[at], starts_[at + run] - starts_[at]);
    first += run;
    count -= run;
  }
}

void Prose::append_bytes(std::string& out, std::size_t first, std::size_t bytes) const {
  while (true) {
    const std::size_t at = first % kWords;
    const auto end = std::upper_bound(starts_.begin() + static_cast<std::ptrdiff_t>(at), starts_.end(),
                                      starts_[at] + bytes);
    const auto count = static_cast<std::size_t>(end - starts_.begin()) - 1 - at;
    if (count == 0) return;
    append_words(out, first, count);
    bytes -= starts_[at + count] - starts_[at];
    first += count;
  }
}

}  // namespace archestra::simulator

#include "base/mapped_memory.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

namespace archestra::base {
namespace {

/// Closes a descriptor at the end of its scope: a mapping needs none.
class Descriptor {
 public:
  explicit Descriptor(int number) : number_(number) {}
  Descriptor(const Descriptor&) = delete;
  ~Descriptor() {
    if (number_ >= 0) ::close(number_);
  }
  int number() const { return number_; }

 private:
  const int number_;
};

std::unexpected<Error> fail_with(int err, const char* what) { return fail(ErrorCode::kSystem, what, err); }

}  // namespace

Result<MappedMemory> MappedMemory::map(int descriptor, std::size_t bytes) {
  const int flags = descriptor < 0 ? MAP_PRIVATE | MAP_ANONYMOUS : MAP_SHARED;
  void* const at = ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, flags, descriptor, 0);
  if (at == MAP_FAILED) return fail_with(errno, "map");
  return MappedMemory({static_cast<std::byte*>(at), bytes});
}

Result<MappedMemory> MappedMemory::anonymous(std::size_t bytes) { return map(-1, bytes); }

Result<MappedMemory> MappedMemory::create(const std::string& path, std::size_t bytes) {
  const Descriptor file(::open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, S_IRUSR | S_IWUSR));
  if (file.number() < 0) return fail_with(errno, "create");
  int err = ::posix_fallocate(file.number(), 0, static_cast<off_t>(bytes));
  if (err == 0) {
    auto memory = map(file.number(), bytes);
    if (memory) return memory;
    err = memory.error().detail;
  }
  ::unlink(path.c_str());
  return fail_with(err, "take the blocks of a file");
}

Result<MappedMemory> MappedMemory::open(const std::string& path) {
  const Descriptor file(::open(path.c_str(), O_RDWR | O_CLOEXEC | O_NOFOLLOW));
  if (file.number() < 0) return fail_with(errno, "open");
  struct stat status{};
  if (::fstat(file.number(), &status) != 0) return fail_with(errno, "look at");
  if (!S_ISREG(status.st_mode) || status.st_size <= 0)
    return fail(ErrorCode::kInvalid, "no file with content");
  // One that was cut or has holes would be a signal at a store.
  if (const int err = ::posix_fallocate(file.number(), 0, status.st_size); err != 0)
    return fail_with(err, "take the blocks of a file");
  return map(file.number(), static_cast<std::size_t>(status.st_size));
}

MappedMemory::~MappedMemory() {
  if (!bytes_.empty()) ::munmap(bytes_.data(), bytes_.size());
}

}  // namespace archestra::base

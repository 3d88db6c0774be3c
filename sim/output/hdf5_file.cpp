#include "sim/output/hdf5_file.hpp"

#include <hdf5.h>
#include <hdf5_hl.h>

#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>
#include <algorithm>
#include <array>
#include <bit>
#include <cstdio>
#include <cstring>
#include <type_traits>

namespace driftstorm {

namespace {

template <herr_t (*close)(hid_t)>
Hdf5Handle handle(hid_t id) {
    return {id, [](std::int64_t open) { return static_cast<int>(close(open)); }};
}

Hdf5Handle text_type() {
    Hdf5Handle type = handle<H5Tclose>(H5Tcopy(H5T_C_S1));
    H5Tset_size(type.id(), H5T_VARIABLE);
    H5Tset_cset(type.id(), H5T_CSET_UTF8);
    return type;
}

/// Type in the file and in memory: little endian machines only, which core asserts.
hid_t number_type(Hdf5Type type) {
    switch (type) {
        case Hdf5Type::int32:
            return H5T_STD_I32LE;
        case Hdf5Type::int64:
            return H5T_STD_I64LE;
        case Hdf5Type::uint8:
            return H5T_STD_U8LE;
        case Hdf5Type::uint16:
            return H5T_STD_U16LE;
        case Hdf5Type::uint32:
            return H5T_STD_U32LE;
        case Hdf5Type::uint64:
            return H5T_STD_U64LE;
        case Hdf5Type::float64:
            return H5T_IEEE_F64LE;
        case Hdf5Type::text:
            break;
    }
    return H5I_INVALID_HID;
}

/// What the library knows of the last failure: the system's own words if it has them.
herr_t note_reason(unsigned, const H5E_error2_t* error, void* into) {
    auto& reason = *static_cast<std::string*>(into);
    const std::string text = error->desc != nullptr ? error->desc : "";
    if (text.find("unable to lock file") != std::string::npos) {
        reason = "is in use by another run";
        return 1;
    }
    constexpr std::string_view mark = "error message = '";
    const std::size_t at = text.find(mark);
    if (at == std::string::npos) {
        if (reason.empty()) reason = text;
        return 0;
    }
    const std::size_t begin = at + mark.size();
    reason = text.substr(begin, text.find('\'', begin) - begin);
    return 1;  // stop: nothing says it better
}

std::string last_reason() {
    std::string reason;
    H5Ewalk2(H5E_DEFAULT, H5E_WALK_UPWARD, &note_reason, &reason);
    return reason.empty() ? "the HDF5 library gave no reason" : reason;
}

Hdf5Handle file_settings() {
    Hdf5Handle settings = handle<H5Pclose>(H5Pcreate(H5P_FILE_ACCESS));
    H5Pset_libver_bounds(settings.id(), H5F_LIBVER_V18, H5F_LIBVER_V18);
    H5Pset_fclose_degree(settings.id(), H5F_CLOSE_STRONG);
    return settings;
}

/// Failures become exceptions, not lines on stderr. And the library is not to tidy up at exit:
/// every file is closed by then, but one that a full disk kept from being created or closed makes
/// it crash.
void start_library() {
    static const bool once = [] {
        H5dont_atexit();
        return H5Eset_auto2(H5E_DEFAULT, nullptr, nullptr) >= 0;
    }();
    static_cast<void>(once);
}

constexpr unsigned by_creation = H5P_CRT_ORDER_TRACKED | H5P_CRT_ORDER_INDEXED;

}  // namespace

FillValue fill_of(double value) { return std::bit_cast<FillValue>(value); }

int Hdf5Handle::reset() {
    const int result = id_ >= 0 && close_ != nullptr ? close_(id_) : 0;
    id_ = -1;  // also when it failed: closing twice crashes
    return result;
}

void Hdf5File::fail(const std::string& object) const {
    const std::string reason = last_reason();
    throw OutputError(path_, object.empty() ? reason : object + ": " + reason);
}

std::int64_t Hdf5File::check(std::int64_t result, const std::string& object) const {
    if (result < 0) fail(object);
    return result;
}

Hdf5File Hdf5File::create(const std::string& path) {
    start_library();
    Hdf5File file(path);
    const Hdf5Handle root = handle<H5Pclose>(H5Pcreate(H5P_FILE_CREATE));
    H5Pset_obj_track_times(root.id(), false);
    H5Pset_link_creation_order(root.id(), by_creation);
    H5Pset_attr_creation_order(root.id(), by_creation);
    const Hdf5Handle access = file_settings();
    file.file_ = handle<H5Fclose>(
        file.check(H5Fcreate(path.c_str(), H5F_ACC_TRUNC, root.id(), access.id()), ""));
    return file;
}

std::string Hdf5File::library_version() {
    unsigned major = 0;
    unsigned minor = 0;
    unsigned release = 0;
    H5get_libversion(&major, &minor, &release);
    return std::to_string(major) + "." + std::to_string(minor) + "." + std::to_string(release);
}

Hdf5File Hdf5File::open(const std::string& path) {
    start_library();
    Hdf5File file(path);
    const Hdf5Handle access = file_settings();
    file.file_ =
        handle<H5Fclose>(file.check(H5Fopen(path.c_str(), H5F_ACC_RDONLY, access.id()), ""));
    return file;
}

void Hdf5File::flush() { check(H5Fflush(id(), H5F_SCOPE_GLOBAL), ""); }

void Hdf5File::close() {
    if (!file_) return;
    flush();  // whatever needs space is written where a failure can still be mended by abandon()
    if (file_.reset() >= 0) return;
    const std::string reason = last_reason();
    std::remove(path_.c_str());
    throw OutputError(path_, reason);
}

void Hdf5File::abandon() noexcept {
    if (!file_) return;
    void* descriptor = nullptr;
    if (H5Fget_vfd_handle(id(), H5P_DEFAULT, &descriptor) >= 0) {
        // What the library still wants to write goes to memory, where there is space: a file that
        // fails to close stays in its tables half destroyed, and the next call crashes.
        const int memory = ::memfd_create("driftstorm", MFD_CLOEXEC);
        if (memory >= 0) {
            ::dup2(memory, *static_cast<const int*>(descriptor));
            ::close(memory);
        }
    }
    rlimit limit{};
    ::getrlimit(RLIMIT_FSIZE, &limit);
    const rlimit lifted{limit.rlim_max, limit.rlim_max};
    ::setrlimit(RLIMIT_FSIZE, &lifted);
    file_.reset();
    ::setrlimit(RLIMIT_FSIZE, &limit);
    std::remove(path_.c_str());
}

// ---- writing ----------------------------------------------------------------

void Hdf5File::create_group(const std::string& group) {
    const Hdf5Handle parents = handle<H5Pclose>(H5Pcreate(H5P_LINK_CREATE));
    H5Pset_create_intermediate_group(parents.id(), 1);
    const Hdf5Handle settings = handle<H5Pclose>(H5Pcreate(H5P_GROUP_CREATE));
    H5Pset_obj_track_times(settings.id(), false);
    H5Pset_link_creation_order(settings.id(), by_creation);
    H5Pset_attr_creation_order(settings.id(), by_creation);
    // Intermediate groups would be made with other settings: make each in turn.
    for (std::size_t end = group.find('/', 1);; end = group.find('/', end + 1)) {
        const std::string part = group.substr(0, end);
        if (!has(part))
            handle<H5Gclose>(check(
                H5Gcreate2(id(), part.c_str(), H5P_DEFAULT, settings.id(), H5P_DEFAULT), part));
        if (end == std::string::npos) return;
    }
}

Hdf5Handle Hdf5File::create_dataset(const std::string& dataset, const Hdf5Shape& shape) {
    const std::vector<hsize_t> extent(shape.extent.begin(), shape.extent.end());
    std::vector<hsize_t> most = extent;
    if (shape.unlimited) most.front() = H5S_UNLIMITED;
    const auto rank = static_cast<int>(extent.size());
    const Hdf5Handle space = handle<H5Sclose>(check(
        rank == 0 ? H5Screate(H5S_SCALAR) : H5Screate_simple(rank, extent.data(), most.data()),
        dataset));

    const Hdf5Handle settings = handle<H5Pclose>(H5Pcreate(H5P_DATASET_CREATE));
    H5Pset_obj_track_times(settings.id(), false);
    H5Pset_attr_creation_order(settings.id(), by_creation);
    if (!shape.chunk.empty()) {
        const std::vector<hsize_t> chunk(shape.chunk.begin(), shape.chunk.end());
        check(H5Pset_chunk(settings.id(), rank, chunk.data()), dataset);
        if (shape.type != Hdf5Type::text) {
            if (size_of(shape.type) > 1) H5Pset_shuffle(settings.id());
            H5Pset_deflate(settings.id(), 1);
            H5Pset_fletcher32(settings.id());
        }
    }
    const Hdf5Handle text = text_type();
    const hid_t type = shape.type == Hdf5Type::text ? text.id() : number_type(shape.type);
    if (shape.fill) check(H5Pset_fill_value(settings.id(), type, &*shape.fill), dataset);
    return handle<H5Dclose>(check(H5Dcreate2(id(), dataset.c_str(), type, space.id(), H5P_DEFAULT,
                                             settings.id(), H5P_DEFAULT),
                                  dataset));
}

void Hdf5File::extend(const Hdf5Handle& dataset, const std::vector<std::uint64_t>& extent) {
    const std::vector<hsize_t> size(extent.begin(), extent.end());
    check(H5Dset_extent(dataset.id(), size.data()), "");
}

void Hdf5File::write_chunk(const Hdf5Handle& dataset, const std::vector<std::uint64_t>& offset,
                           std::span<const std::byte> packed, std::uint32_t skipped) {
    const std::vector<hsize_t> at(offset.begin(), offset.end());
    check(
        H5Dwrite_chunk(dataset.id(), H5P_DEFAULT, skipped, at.data(), packed.size(), packed.data()),
        "");
}

void Hdf5File::write(const Hdf5Handle& dataset, Hdf5Type type, const void* values) {
    check(H5Dwrite(dataset.id(), number_type(type), H5S_ALL, H5S_ALL, H5P_DEFAULT, values), "");
}

void Hdf5File::write_texts(const Hdf5Handle& dataset, const std::vector<std::string>& values) {
    std::vector<const char*> texts;
    texts.reserve(values.size());
    for (const std::string& value : values) texts.push_back(value.c_str());
    if (texts.empty()) return;
    // Without a size the library takes, and fills with zeros, two buffers of 1 MiB for each column.
    constexpr std::size_t text_in_file = 16;
    const std::size_t buffer =
        std::clamp<std::size_t>(texts.size() * text_in_file, 1 << 10, 1 << 20);
    const Hdf5Handle transfer = handle<H5Pclose>(check(H5Pcreate(H5P_DATASET_XFER), ""));
    check(H5Pset_buffer(transfer.id(), buffer, nullptr, nullptr), "");
    check(H5Dwrite(dataset.id(), text_type().id(), H5S_ALL, H5S_ALL, transfer.id(), texts.data()),
          "");
}

void Hdf5File::write_attribute(const std::string& object, const std::string& name, Hdf5Type type,
                               const void* values, std::size_t count) {
    const std::string what = object + "@" + name;
    const hsize_t extent = count;
    const Hdf5Handle space = handle<H5Sclose>(count == 0 ? H5Screate(H5S_SCALAR)
                                                         : H5Screate_simple(1, &extent, nullptr));
    const Hdf5Handle text = text_type();
    const hid_t stored = type == Hdf5Type::text ? text.id() : number_type(type);
    const Hdf5Handle owner = open_object(object);
    if (check(H5Aexists(owner.id(), name.c_str()), what) > 0)
        check(H5Adelete(owner.id(), name.c_str()), what);
    const Hdf5Handle attribute = handle<H5Aclose>(check(
        H5Acreate2(owner.id(), name.c_str(), stored, space.id(), H5P_DEFAULT, H5P_DEFAULT), what));
    check(H5Awrite(attribute.id(), stored, values), what);
}

void Hdf5File::write_attribute(const std::string& object, const std::string& name,
                               const AttributeValue& value) {
    const auto write_one = [&](const auto& given) {
        using T = std::decay_t<decltype(given)>;
        if constexpr (std::is_same_v<T, std::string>) {
            const char* text = given.c_str();
            write_attribute(object, name, Hdf5Type::text, &text);
        } else if constexpr (std::is_same_v<T, std::vector<std::string>>) {
            std::vector<const char*> texts;
            texts.reserve(given.size());
            for (const std::string& text : given) texts.push_back(text.c_str());
            if (!texts.empty())
                write_attribute(object, name, Hdf5Type::text, texts.data(), texts.size());
        } else if constexpr (std::is_arithmetic_v<T>) {
            write_attribute(object, name, hdf5_type<T>(), &given);
        } else {
            if (!given.empty())
                write_attribute(object, name, hdf5_type<typename T::value_type>(), given.data(),
                                given.size());
        }
    };
    std::visit(write_one, value);
}

void Hdf5File::make_scale(const std::string& dataset) {
    const std::string name = dataset.substr(dataset.rfind('/') + 1);
    check(H5DSset_scale(open_dataset(dataset).id(), name.c_str()), dataset);
}

void Hdf5File::attach_scale(const std::string& dataset, unsigned dimension,
                            const std::string& scale) {
    check(H5DSattach_scale(open_dataset(dataset).id(), open_dataset(scale).id(), dimension),
          dataset);
}

// ---- reading ----------------------------------------------------------------

Hdf5Handle Hdf5File::open_object(const std::string& object) const {
    return handle<H5Oclose>(check(H5Oopen(id(), object.c_str(), H5P_DEFAULT), object));
}

Hdf5Handle Hdf5File::open_dataset(const std::string& dataset) const {
    return handle<H5Dclose>(check(H5Dopen2(id(), dataset.c_str(), H5P_DEFAULT), dataset));
}

bool Hdf5File::has(const std::string& object) const {
    if (object == "/") return true;
    // The library asks that every link on the way exists.
    for (std::size_t end = object.find('/', 1);; end = object.find('/', end + 1)) {
        if (H5Lexists(id(), object.substr(0, end).c_str(), H5P_DEFAULT) <= 0) return false;
        if (end == std::string::npos) return true;
    }
}

std::vector<std::string> Hdf5File::members(const std::string& group, bool groups) const {
    const Hdf5Handle open = open_object(group);
    H5G_info_t info{};
    check(H5Gget_info(open.id(), &info), group);
    std::vector<std::string> names;
    for (hsize_t i = 0; i < info.nlinks; ++i) {
        const auto name_at = [&](char* into, std::size_t size) {
            return check(H5Lget_name_by_idx(open.id(), ".", H5_INDEX_CRT_ORDER, H5_ITER_INC, i,
                                            into, size, H5P_DEFAULT),
                         group);
        };
        std::string name(static_cast<std::size_t>(name_at(nullptr, 0)), '\0');
        name_at(name.data(), name.size() + 1);
        const Hdf5Handle member =
            handle<H5Oclose>(check(H5Oopen(open.id(), name.c_str(), H5P_DEFAULT), name));
        if ((H5Iget_type(member.id()) == H5I_GROUP) == groups) names.push_back(std::move(name));
    }
    return names;
}

Hdf5Shape Hdf5File::shape(const std::string& dataset) const {
    const Hdf5Handle open = open_dataset(dataset);
    const Hdf5Handle space = handle<H5Sclose>(check(H5Dget_space(open.id()), dataset));
    const auto rank =
        static_cast<std::size_t>(check(H5Sget_simple_extent_ndims(space.id()), dataset));
    std::vector<hsize_t> extent(rank);
    if (rank > 0) check(H5Sget_simple_extent_dims(space.id(), extent.data(), nullptr), dataset);
    const Hdf5Handle type = handle<H5Tclose>(check(H5Dget_type(open.id()), dataset));

    Hdf5Shape shape;
    shape.extent.assign(extent.begin(), extent.end());
    if (H5Tget_class(type.id()) == H5T_STRING) shape.type = Hdf5Type::text;
    for (const Hdf5Type known : {Hdf5Type::int32, Hdf5Type::int64, Hdf5Type::uint8,
                                 Hdf5Type::uint16, Hdf5Type::uint32, Hdf5Type::uint64})
        if (H5Tequal(type.id(), number_type(known)) > 0) shape.type = known;
    return shape;
}

std::vector<std::string> Hdf5File::dimension_names(const std::string& dataset) const {
    const Hdf5Handle open = open_dataset(dataset);
    std::vector<std::string> names(shape(dataset).extent.size());
    if (H5DSis_scale(open.id()) > 0) return {dataset.substr(dataset.rfind('/') + 1)};
    for (std::size_t i = 0; i < names.size(); ++i) {
        const auto visit = [](hid_t, unsigned, hid_t scale, void* into) -> herr_t {
            std::array<char, 256> name{};
            if (H5DSget_scale_name(scale, name.data(), name.size()) > 0)
                *static_cast<std::string*>(into) = name.data();
            return 1;
        };
        H5DSiterate_scales(open.id(), static_cast<unsigned>(i), nullptr, visit, &names[i]);
    }
    return names;
}

namespace {

/// Row range of a dataset's file space, and the space in memory that takes it.
struct RowSelection {
    Hdf5Handle file;
    Hdf5Handle memory;
    std::size_t values = 1;
};

RowSelection select_rows(hid_t dataset, std::uint64_t first, std::uint64_t count) {
    RowSelection selection;
    selection.file = handle<H5Sclose>(H5Dget_space(dataset));
    const int rank = H5Sget_simple_extent_ndims(selection.file.id());
    std::vector<hsize_t> extent(rank > 0 ? static_cast<std::size_t>(rank) : 0);
    if (rank <= 0) {
        selection.memory = handle<H5Sclose>(H5Screate(H5S_SCALAR));
        return selection;
    }
    H5Sget_simple_extent_dims(selection.file.id(), extent.data(), nullptr);
    std::vector<hsize_t> begin(extent.size(), 0);
    begin.front() = first;
    extent.front() = count;
    H5Sselect_hyperslab(selection.file.id(), H5S_SELECT_SET, begin.data(), nullptr, extent.data(),
                        nullptr);
    for (const hsize_t n : extent) selection.values *= n;
    selection.memory = handle<H5Sclose>(H5Screate_simple(rank, extent.data(), nullptr));
    return selection;
}

}  // namespace

void Hdf5File::read(const std::string& dataset, Hdf5Type type, std::uint64_t first,
                    std::uint64_t count, void* values) const {
    const Hdf5Handle open = open_dataset(dataset);
    const RowSelection rows = select_rows(open.id(), first, count);
    if (rows.values == 0) return;
    check(H5Dread(open.id(), number_type(type), rows.memory.id(), rows.file.id(), H5P_DEFAULT,
                  values),
          dataset);
}

std::vector<std::string> Hdf5File::read_texts(const std::string& dataset, std::uint64_t first,
                                              std::uint64_t count) const {
    const Hdf5Handle open = open_dataset(dataset);
    const RowSelection rows = select_rows(open.id(), first, count);
    std::vector<char*> texts(rows.values, nullptr);
    if (texts.empty()) return {};
    const Hdf5Handle type = text_type();
    check(
        H5Dread(open.id(), type.id(), rows.memory.id(), rows.file.id(), H5P_DEFAULT, texts.data()),
        dataset);
    std::vector<std::string> result;
    result.reserve(texts.size());
    for (const char* text : texts) result.emplace_back(text != nullptr ? text : "");
    H5Dvlen_reclaim(type.id(), rows.memory.id(), H5P_DEFAULT, texts.data());
    return result;
}

std::optional<AttributeValue> Hdf5File::attribute(const std::string& object,
                                                  const std::string& name) const {
    const Hdf5Handle owner = open_object(object);
    const std::string what = object + "@" + name;
    if (check(H5Aexists(owner.id(), name.c_str()), what) == 0) return std::nullopt;
    const Hdf5Handle open =
        handle<H5Aclose>(check(H5Aopen(owner.id(), name.c_str(), H5P_DEFAULT), what));
    const Hdf5Handle space = handle<H5Sclose>(check(H5Aget_space(open.id()), what));
    const Hdf5Handle type = handle<H5Tclose>(check(H5Aget_type(open.id()), what));
    const bool single = H5Sget_simple_extent_type(space.id()) == H5S_SCALAR;
    const auto count =
        static_cast<std::size_t>(check(H5Sget_simple_extent_npoints(space.id()), what));

    const auto numbers = [&]<class T>(std::type_identity<T>) -> AttributeValue {
        std::vector<T> values(count);
        check(H5Aread(open.id(), number_type(hdf5_type<T>()), values.data()), what);
        if (single) return values.front();
        return values;
    };
    switch (H5Tget_class(type.id())) {
        case H5T_INTEGER:
            if (H5Tget_sign(type.id()) == H5T_SGN_NONE)
                return numbers(std::type_identity<std::uint64_t>{});
            return numbers(std::type_identity<std::int64_t>{});
        case H5T_FLOAT:
            return numbers(std::type_identity<double>{});
        case H5T_STRING:
            break;
        default:
            throw OutputError(path_, what + ": neither number nor text");
    }
    if (H5Tis_variable_str(type.id()) <= 0) {
        std::string text(H5Tget_size(type.id()), '\0');
        check(H5Aread(open.id(), type.id(), text.data()), what);
        return text.substr(0, text.find('\0'));
    }
    const Hdf5Handle memory = text_type();
    std::vector<char*> texts(count, nullptr);
    check(H5Aread(open.id(), memory.id(), texts.data()), what);
    std::vector<std::string> result;
    result.reserve(texts.size());
    for (const char* text : texts) result.emplace_back(text != nullptr ? text : "");
    H5Dvlen_reclaim(memory.id(), space.id(), H5P_DEFAULT, texts.data());
    if (single) return result.front();
    return result;
}

}  // namespace driftstorm

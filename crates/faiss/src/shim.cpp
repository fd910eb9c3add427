// What annbench needs of FAISS, OpenMP and OpenBLAS and FAISS's C API does not give.
// Every function that can throw catches: an exception must not unwind into Rust.

#include <dlfcn.h>
#include <omp.h>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <memory>
#include <string>
#include <vector>

#include <faiss/IndexAdditiveQuantizer.h>
#include <faiss/IndexFlat.h>
#include <faiss/IndexHNSW.h>
#include <faiss/IndexIDMap.h>
#include <faiss/IndexIVFAdditiveQuantizer.h>
#include <faiss/IndexIVFAdditiveQuantizerFastScan.h>
#include <faiss/IndexIVFFlat.h>
#include <faiss/IndexIVFPQ.h>
#include <faiss/IndexIVFPQFastScan.h>
#include <faiss/IndexPQ.h>
#include <faiss/IndexPQFastScan.h>
#include <faiss/IndexPreTransform.h>
#include <faiss/IndexRefine.h>
#include <faiss/IndexRowwiseMinMax.h>
#include <faiss/impl/AuxIndexStructures.h>
#include <faiss/impl/io.h>
#include <faiss/index_io.h>

namespace faiss {
std::string get_compile_options();
}

namespace {

// openblas_get_parallel() of a build with threads of its own.
const int OWN_POOL = 1;

void copy_text(const std::string& text, char* buffer, size_t size) {
    size_t length = std::min(text.size(), size - 1);
    std::memcpy(buffer, text.data(), length);
    buffer[length] = 0;
}

template <class T>
T* as(faiss::Index* index) {
    return dynamic_cast<T*>(index);
}

// The index that a wrapper passes its vectors to; null where `index` wraps none.
faiss::Index* wrapped(faiss::Index* index) {
    if (auto* map = as<faiss::IndexIDMap>(index)) return map->index;
    if (auto* pre = as<faiss::IndexPreTransform>(index)) return pre->index;
    if (auto* refine = as<faiss::IndexRefine>(index)) return refine->base_index;
    if (auto* rows = as<faiss::IndexRowwiseMinMaxBase>(index)) return rows->index;
    return nullptr;
}

void seed_clustering(faiss::ClusteringParameters& clustering, int seed) {
    clustering.seed = seed;
    // Below 39 vectors a centroid FAISS writes to stderr, through a progress bar if need be.
    clustering.min_points_per_centroid = 1;
}

// The random state that can be reached from outside: k-means of lists and codebooks, the levels
// of HNSW. Not reachable: random rotations (RR, OPQ's start), NSG, the shuffle within HNSW's add.
void seed_index(faiss::Index* index, int seed) {
    if (!index) return;
    seed_index(wrapped(index), seed);
    if (auto* refine = as<faiss::IndexRefine>(index)) seed_index(refine->refine_index, seed);
    if (auto* ivf = as<faiss::IndexIVF>(index)) {
        seed_clustering(ivf->cp, seed);
        seed_index(ivf->quantizer, seed);
    }
    if (auto* hnsw = as<faiss::IndexHNSW>(index)) {
        hnsw->hnsw.rng = faiss::RandomGenerator(seed);
        seed_index(hnsw->storage, seed);
    }
    if (auto* pq = as<faiss::IndexPQ>(index)) seed_clustering(pq->pq.cp, seed);
    if (auto* pq = as<faiss::IndexPQFastScan>(index)) seed_clustering(pq->pq.cp, seed);
    if (auto* pq = as<faiss::IndexIVFPQ>(index)) seed_clustering(pq->pq.cp, seed);
    if (auto* pq = as<faiss::IndexIVFPQFastScan>(index)) seed_clustering(pq->pq.cp, seed);
    if (auto* rq = as<faiss::IndexResidualQuantizer>(index)) seed_clustering(rq->rq.cp, seed);
    if (auto* rq = as<faiss::IndexIVFResidualQuantizer>(index)) seed_clustering(rq->rq.cp, seed);
    if (auto* lsq = as<faiss::IndexLocalSearchQuantizer>(index)) lsq->lsq.random_seed = seed;
    if (auto* lsq = as<faiss::IndexIVFLocalSearchQuantizer>(index)) lsq->lsq.random_seed = seed;
}

// The value in force of a search parameter, found where ParameterSpace would set it.
bool get_value(faiss::Index* index, const std::string& name, double* value) {
    if (!index) return false;
    if (auto* refine = as<faiss::IndexRefine>(index)) {
        if (name == "k_factor_rf") return *value = refine->k_factor, true;
    }
    if (auto* inner = wrapped(index)) return get_value(inner, name, value);
    if (auto* hnsw = as<faiss::IndexHNSW>(index)) {
        if (name == "efSearch") return *value = hnsw->hnsw.efSearch, true;
        if (name == "M") return *value = hnsw->hnsw.nb_neighbors(1), true;
    }
    if (auto* pq = as<faiss::IndexPQ>(index)) {
        bool on = pq->search_type == faiss::IndexPQ::ST_polysemous;
        if (name == "ht") return *value = on ? pq->polysemous_ht : pq->pq.code_size * 8.0, true;
    }
    if (auto* pq = as<faiss::IndexIVFPQ>(index)) {
        int ht = pq->polysemous_ht;
        if (name == "ht") return *value = ht ? ht : pq->pq.code_size * 8.0, true;
    }
    if (auto* ivf = as<faiss::IndexIVF>(index)) {
        if (name == "nlist") return *value = ivf->nlist, true;
        if (name == "nprobe") return *value = ivf->nprobe, true;
        if (name == "max_codes") return *value = ivf->max_codes, true;
        auto* coarse = as<faiss::IndexHNSW>(ivf->quantizer);
        if (name == "efSearch" && coarse) return *value = coarse->hnsw.efSearch, true;
        const std::string prefix = "quantizer_";
        if (name.compare(0, prefix.size(), prefix) == 0)
            return get_value(ivf->quantizer, name.substr(prefix.size()), value);
    }
    return false;
}

// Who wants to know how far a build is.
struct Progress {
    void* context;
    void (*report)(void*, size_t done, size_t total);

    void operator()(size_t done, size_t total) const {
        report(context, done, total);
    }
};

// The innermost index that the wrappers around it pass their vectors to.
faiss::Index* core(faiss::Index* index) {
    while (faiss::Index* inner = wrapped(index)) index = inner;
    return index;
}

// Assigns vectors to centroids as IndexFlat does, and counts: k-means asks once an iteration.
struct CountingFlat : faiss::IndexFlat {
    Progress progress;
    size_t total;
    mutable size_t done = 0;

    CountingFlat(const faiss::IndexIVF& ivf, faiss::MetricType metric, Progress progress)
            : IndexFlat(ivf.d, metric),
              progress(progress),
              total(size_t(ivf.cp.niter) * ivf.cp.nredo) {}

    void search(
            faiss::idx_t n,
            const float* x,
            faiss::idx_t k,
            float* distances,
            faiss::idx_t* labels,
            const faiss::SearchParameters* params) const override {
        IndexFlat::search(n, x, k, distances, labels, params);
        progress(++done, total);
    }
};

// Lends `ivf` a counting index for its k-means, of the metric that k-means would have used, and
// takes it back. Lists that are found by other means than k-means over a flat index are not counted.
struct CountedClustering {
    faiss::IndexIVF* ivf;
    std::unique_ptr<CountingFlat> counting;

    CountedClustering(faiss::IndexIVF* ivf, Progress progress) : ivf(ivf) {
        if (!ivf || ivf->clustering_index) return;
        bool by_l2 = ivf->quantizer_trains_alone == 2;
        bool by_quantizer = ivf->quantizer_trains_alone == 0 && as<faiss::IndexFlat>(ivf->quantizer);
        if (!by_l2 && !by_quantizer) return;
        auto metric = by_l2 ? faiss::METRIC_L2 : ivf->quantizer->metric_type;
        counting = std::make_unique<CountingFlat>(*ivf, metric, progress);
        ivf->clustering_index = counting.get();
    }

    ~CountedClustering() {
        if (counting) ivf->clustering_index = nullptr;
    }
};

// HNSW's add asks now and then whether it should stop, every so many vectors in each thread, and
// that alone tells how far it is. Only calls of the thread that called add are heard, so that
// progress is reported where the build was asked for.
struct HnswProgress : faiss::InterruptCallback {
    const faiss::IndexHNSW& index;
    size_t n;
    Progress progress;
    std::vector<size_t> done_at_call;
    size_t call = 0;

    HnswProgress(const faiss::IndexHNSW& index, size_t n, Progress progress)
            : index(index), n(n), progress(progress) {}

    bool want_interrupt() override {
        if (omp_get_thread_num() != 0) return false;
        if (done_at_call.empty()) foresee();
        if (call < done_at_call.size()) progress(done_at_call[call++], n);
        return false;
    }

    // FAISS adds level by level from the top and divides a level of over 100 vectors evenly.
    void foresee() {
        const std::vector<int>& levels = index.hnsw.levels;
        std::vector<size_t> per_level;
        for (size_t i = levels.size() - n; i < levels.size(); i++) {
            size_t level = levels[i] - 1;
            if (per_level.size() <= level) per_level.resize(level + 1);
            per_level[level]++;
        }
        size_t top = per_level.size() - 1;
        size_t period = get_period_hint(top * index.d * index.hnsw.efConstruction);
        size_t before = 0;
        for (size_t level = per_level.size(); level-- > 0;) {
            size_t count = per_level[level];
            size_t team = count > 100 ? omp_get_max_threads() : 1;
            size_t own = (count + team - 1) / team;
            for (size_t i = 0; i < own; i += period)
                done_at_call.push_back(before + std::min(i * team, count));
            before += count;
        }
    }
};

// Listens to an HNSW's add as long as it lives. FAISS knows one callback for the whole process:
// nothing else may run in it meanwhile.
struct ListeningToHnsw {
    bool on;

    ListeningToHnsw(faiss::IndexHNSW* hnsw, size_t n, Progress progress) : on(hnsw && n > 0) {
        if (on) faiss::InterruptCallback::instance.reset(new HnswProgress(*hnsw, n, progress));
    }

    ~ListeningToHnsw() {
        if (on) faiss::InterruptCallback::clear_instance();
    }
};

struct CallbackWriter : faiss::IOWriter {
    void* context;
    int (*write)(void*, const uint8_t*, size_t);

    size_t operator()(const void* items, size_t size, size_t n) override {
        bool ok = write(context, static_cast<const uint8_t*>(items), size * n) == 0;
        return ok ? n : 0;
    }
};

struct CallbackReader : faiss::IOReader {
    void* context;
    int (*read)(void*, uint8_t*, size_t);

    size_t operator()(void* items, size_t size, size_t n) override {
        bool ok = read(context, static_cast<uint8_t*>(items), size * n) == 0;
        return ok ? n : 0;
    }
};

// Runs `work`; an exception becomes a text and a 0.
template <class Work>
int guarded(char* error, size_t error_size, Work work) {
    try {
        work();
        return 1;
    } catch (const std::exception& e) {
        copy_text(e.what(), error, error_size);
    } catch (...) {
        copy_text("unknown exception", error, error_size);
    }
    return 0;
}

template <class Function>
Function found(const char* name) {
    return reinterpret_cast<Function>(dlsym(RTLD_DEFAULT, name));
}

} // namespace

extern "C" {

void annbench_compile_options(char* buffer, size_t size) {
    guarded(buffer, size, [&] { copy_text(faiss::get_compile_options(), buffer, size); });
}

void annbench_index_seed(faiss::Index* index, int seed) {
    seed_index(index, seed);
}

int annbench_index_get(faiss::Index* index, const char* name, double* value) {
    char ignored[8];
    bool has = false;
    return guarded(ignored, sizeof ignored, [&] { has = get_value(index, name, value); }) && has;
}

// 1 flat, 2 IVF-Flat, 3 HNSW over flat, 0 anything else.
int annbench_index_kind(faiss::Index* index) {
    if (as<faiss::IndexFlat>(index)) return 1;
    if (as<faiss::IndexIVFFlat>(index)) return 2;
    if (as<faiss::IndexHNSWFlat>(index)) return 3;
    return 0;
}

int annbench_index_metric(const faiss::Index* index) {
    return index->metric_type;
}

int annbench_index_train(
        faiss::Index* index,
        size_t n,
        const float* vectors,
        void* context,
        void (*report)(void*, size_t, size_t),
        char* error,
        size_t error_size) {
    return guarded(error, error_size, [&] {
        CountedClustering counted(as<faiss::IndexIVF>(core(index)), Progress{context, report});
        index->train(n, vectors);
    });
}

// Listens only where `alone` says that nothing else of FAISS runs in this process.
int annbench_index_add(
        faiss::Index* index,
        size_t n,
        const float* vectors,
        int alone,
        void* context,
        void (*report)(void*, size_t, size_t),
        char* error,
        size_t error_size) {
    return guarded(error, error_size, [&] {
        auto* hnsw = alone ? as<faiss::IndexHNSW>(core(index)) : nullptr;
        ListeningToHnsw listening(hnsw, n, Progress{context, report});
        index->add(n, vectors);
    });
}

int annbench_index_write(
        const faiss::Index* index,
        void* context,
        int (*write)(void*, const uint8_t*, size_t),
        char* error,
        size_t error_size) {
    return guarded(error, error_size, [&] {
        CallbackWriter writer;
        writer.context = context;
        writer.write = write;
        faiss::write_index(index, &writer);
    });
}

faiss::Index* annbench_index_read(
        void* context,
        int (*read)(void*, uint8_t*, size_t),
        char* error,
        size_t error_size) {
    faiss::Index* index = nullptr;
    guarded(error, error_size, [&] {
        CallbackReader reader;
        reader.context = context;
        reader.read = read;
        index = faiss::read_index(&reader);
    });
    return index;
}

// 0 sequential, 1 its own threads, 2 OpenMP.
int annbench_openblas_parallel() {
    auto* get = found<int (*)()>("openblas_get_parallel");
    return get ? get() : -1;
}

int annbench_openblas_threads() {
    auto* get = found<int (*)()>("openblas_get_num_threads");
    return get ? get() : -1;
}

// Asks for `threads` in every parallel region of the calling thread, and of OpenBLAS for no more
// in the whole process; returns how many a region really gets, which a limit in the environment
// can lower.
int annbench_set_threads(int threads) {
    // With OpenMP under it, OpenBLAS follows OpenMP's count by itself. With threads of its own, it
    // keeps to the count that the environment gave it, if that is less.
    auto* set_blas = found<void (*)(int)>("openblas_set_num_threads");
    if (set_blas && annbench_openblas_parallel() == OWN_POOL) {
        static const int at_load = annbench_openblas_threads();
        set_blas(std::min(threads, at_load));
    }
    omp_set_dynamic(0);
    omp_set_num_threads(threads);
    int counted = 0;
#pragma omp parallel
    {
#pragma omp single
        counted = omp_get_num_threads();
    }
    return counted;
}

int annbench_openmp_threads() {
    return omp_get_max_threads();
}

// Null or negative where the BLAS in use is no OpenBLAS.
const char* annbench_openblas_config() {
    auto* get = found<char* (*)()>("openblas_get_config");
    return get ? get() : nullptr;
}

const char* annbench_openblas_core() {
    auto* get = found<char* (*)()>("openblas_get_corename");
    return get ? get() : nullptr;
}

}

// Constructors, compiled once: they are what costs when a test includes the header.
#include "mocks/gmock/mock_mm.h"

namespace drydock::mocks {

MockMmApi::MockMmApi() = default;
MockMmApi::MockMmApi(MmApi& real) {
  ON_CALL(*this, RemapPfnRange).WillByDefault(::testing::Invoke(&real, &MmApi::RemapPfnRange));
  ON_CALL(*this, VmIomapMemory).WillByDefault(::testing::Invoke(&real, &MmApi::VmIomapMemory));
  ON_CALL(*this, VmInsertPage).WillByDefault(::testing::Invoke(&real, &MmApi::VmInsertPage));
  ON_CALL(*this, VmfInsertPfn).WillByDefault(::testing::Invoke(&real, &MmApi::VmfInsertPfn));
  ON_CALL(*this, VmfInsertPfnProt)
      .WillByDefault(::testing::Invoke(&real, &MmApi::VmfInsertPfnProt));
  ON_CALL(*this, ZapVmaPtes).WillByDefault(::testing::Invoke(&real, &MmApi::ZapVmaPtes));
  ON_CALL(*this, UnmapMappingRange)
      .WillByDefault(::testing::Invoke(&real, &MmApi::UnmapMappingRange));
  ON_CALL(*this, VmGetPageProt).WillByDefault(::testing::Invoke(&real, &MmApi::VmGetPageProt));
  ON_CALL(*this, PgprotWritecombine)
      .WillByDefault(::testing::Invoke(&real, &MmApi::PgprotWritecombine));
  ON_CALL(*this, GenericAccessPhys)
      .WillByDefault(::testing::Invoke(&real, &MmApi::GenericAccessPhys));
  ON_CALL(*this, FindVma).WillByDefault(::testing::Invoke(&real, &MmApi::FindVma));
  ON_CALL(*this, CurrentMm).WillByDefault(::testing::Invoke(&real, &MmApi::CurrentMm));
  ON_CALL(*this, RemapVmallocRange)
      .WillByDefault(::testing::Invoke(&real, &MmApi::RemapVmallocRange));
  ON_CALL(*this, PgprotWritethrough)
      .WillByDefault(::testing::Invoke(&real, &MmApi::PgprotWritethrough));
  ON_CALL(*this, PgprotNoncached).WillByDefault(::testing::Invoke(&real, &MmApi::PgprotNoncached));
  ON_CALL(*this, PgprotDevice).WillByDefault(::testing::Invoke(&real, &MmApi::PgprotDevice));
  ON_CALL(*this, PgprotDmacoherent)
      .WillByDefault(::testing::Invoke(&real, &MmApi::PgprotDmacoherent));
  ON_CALL(*this, PgprotFramebuffer)
      .WillByDefault(::testing::Invoke(&real, &MmApi::PgprotFramebuffer));
  ON_CALL(*this, VmInsertPages).WillByDefault(::testing::Invoke(&real, &MmApi::VmInsertPages));
  ON_CALL(*this, VmfInsertMixed).WillByDefault(::testing::Invoke(&real, &MmApi::VmfInsertMixed));
  ON_CALL(*this, UnmapMappingPages)
      .WillByDefault(::testing::Invoke(&real, &MmApi::UnmapMappingPages));
  ON_CALL(*this, MmapActionPrepare)
      .WillByDefault(::testing::Invoke(&real, &MmApi::MmapActionPrepare));
  ON_CALL(*this, MmapActionComplete)
      .WillByDefault(::testing::Invoke(&real, &MmApi::MmapActionComplete));
  ON_CALL(*this, CompatVmaMmap).WillByDefault(::testing::Invoke(&real, &MmApi::CompatVmaMmap));
}
MockMmApi::~MockMmApi() = default;

}  // namespace drydock::mocks

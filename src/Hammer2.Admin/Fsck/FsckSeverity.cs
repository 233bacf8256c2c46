// SPDX-License-Identifier: BSD-3-Clause
namespace Hammer2.Admin.Fsck;

/// <summary>The severity of a finding.</summary>
public enum FsckSeverity
{
    /// <summary>Valid but worth knowing: space that bulkfree frees, an orphan of a file that was open when power
    /// failed.</summary>
    Note,

    /// <summary>Inconsistent without loss of data: a wrong count, an inode without an entry.</summary>
    Warning,

    /// <summary>Damage: data is lost, or the next write may lose data.</summary>
    Error,
}

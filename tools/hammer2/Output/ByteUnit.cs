// SPDX-License-Identifier: BSD-3-Clause

namespace Hammer2.Tool.Output;

/// <summary>How sizes are printed.</summary>
internal enum ByteUnit
{
    /// <summary>Powers of 1024: KiB, MiB.</summary>
    Iec,

    /// <summary>Powers of 1000: kB, MB.</summary>
    Si,

    /// <summary>Bytes.</summary>
    Raw,
}

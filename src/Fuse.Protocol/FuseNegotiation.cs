// SPDX-License-Identifier: BSD-3-Clause
namespace Fuse.Protocol;

/// <summary>The result of an INIT.</summary>
internal enum FuseNegotiationOutcome
{
    /// <summary>Agreed on version, features and sizes.</summary>
    Agreed,

    /// <summary>The kernel has a newer major version and will send INIT again with ours.</summary>
    AskAgain,

    /// <summary>The kernel is too old.</summary>
    TooOld,
}

/// <summary>Negotiates version, features and sizes: a pure function of the kernel's offer and our options.</summary>
internal static class FuseNegotiation
{
    /// <summary>Major version of the protocol.</summary>
    public const uint Major = 7;

    /// <summary>Newest minor version known here, that of Linux 6.18.</summary>
    public const uint MinorNewest = 45;

    /// <summary>Oldest minor version served, that of Linux 5.4.</summary>
    public const uint MinorOldest = 31;

    // Linux 6.16. Before about that version, a listing is requested in buffers of one page. With READDIRPLUS_AUTO, a
    // process that lists a whole directory before using any entry gets attributes only with the first buffer: too few
    // in a page.
    private const uint MinorOfLongListings = 44;

    /// <summary>Length of the INIT struct before 7.36, which added the second word of flags.</summary>
    public const int ShortInitBytes = 16;

    // Without MAX_PAGES the kernel limits every request to this many pages.
    private const int PagesWithoutFeature = 32;

    // The kernel's own limit in a default configuration (fs.fuse.max_pages_limit).
    private const int PagesMax = 256;

    /// <summary>Returns the reply to the kernel's <paramref name="offer"/>; the connection is null unless
    /// agreed.</summary>
    public static FuseNegotiationOutcome Settle(
        in FuseInitIn offer, FuseSessionOptions options, ref FuseInitOut answer,
        out FuseConnection? connection)
    {
        connection = null;
        answer.Major = Major;
        answer.Minor = MinorNewest;
        if (offer.Major > Major) return FuseNegotiationOutcome.AskAgain;
        if (offer.Major < Major || offer.Minor < MinorOldest) return FuseNegotiationOutcome.TooOld;

        var offered = (FuseInitFlags)offer.Flags;
        if (offered.HasFlag(FuseInitFlags.InitExt)) offered |= (FuseInitFlags)((ulong)offer.Flags2 << 32);
        FuseInitFlags wanted = options.Wanted | FuseInitFlags.InitExt;
        FuseInitFlags enabled = Consistent(wanted & offered, offer.Minor);

        int pages = PagesOf(options.MaxReadBytes, options.MaxWriteBytes, options.PageBytes);
        if (!enabled.HasFlag(FuseInitFlags.MaxPages)) pages = Math.Min(pages, PagesWithoutFeature);
        int limit = pages * options.PageBytes;

        connection = new FuseConnection(
            KernelMinor: offer.Minor,
            Minor: Math.Min(offer.Minor, MinorNewest),
            Offered: offered,
            Enabled: enabled,
            MaxWriteBytes: Math.Clamp(options.MaxWriteBytes, 4096, limit),
            MaxReadBytes: limit,
            MaxReadAheadBytes: (int)Math.Min((uint)options.MaxReadAheadBytes, offer.MaxReadAheadBytes));

        answer.Minor = connection.Minor;
        answer.MaxReadAheadBytes = (uint)connection.MaxReadAheadBytes;
        answer.Flags = (uint)enabled;
        answer.Flags2 = (uint)((ulong)enabled >> 32);
        answer.MaxBackground = (ushort)Math.Clamp(options.BackgroundRequestsMax, 1, ushort.MaxValue);
        answer.CongestionThreshold = (ushort)Math.Max(1, answer.MaxBackground * 3 / 4);
        answer.MaxWriteBytes = (uint)connection.MaxWriteBytes;
        answer.TimeGranularityNanoseconds = (uint)options.TimeGranularityNanoseconds;
        answer.MaxPages = enabled.HasFlag(FuseInitFlags.MaxPages) ? (ushort)pages : (ushort)0;
        return FuseNegotiationOutcome.Agreed;
    }

    private static int PagesOf(int readBytes, int writeBytes, int pageBytes) =>
        Math.Clamp((Math.Max(readBytes, writeBytes) + pageBytes - 1) / pageBytes, 1, PagesMax);

    // Features that depend on another one.
    private static FuseInitFlags Consistent(FuseInitFlags enabled, uint minor)
    {
        if (minor < MinorOfLongListings) enabled &= ~FuseInitFlags.ReadDirPlusAuto;
        if (!enabled.HasFlag(FuseInitFlags.DoReadDirPlus)) enabled &= ~FuseInitFlags.ReadDirPlusAuto;
        if (!enabled.HasFlag(FuseInitFlags.InitExt)) enabled = (FuseInitFlags)(uint)enabled;
        return enabled;
    }
}

// SPDX-License-Identifier: BSD-3-Clause
using Fuse.Protocol;
using Hammer2.Fuse;
using Xunit;

namespace Hammer2.Tests.Fuse;

/// <summary>INIT with every kernel from Linux 5.4 (7.31) to 6.18 (7.45), and with those outside.</summary>
public sealed class FuseNegotiationTests
{
    private static readonly FuseSessionOptions Options = new()
    {
        Wanted = FuseSessionOptions.DefaultFeatures | FuseInitFlags.ReadDirPlusAuto
            | FuseInitFlags.CacheSymlinks | FuseInitFlags.HasExpireOnly | FuseInitFlags.HandleKillPrivV2,
        PageBytes = 4096,
    };

    public static TheoryData<uint> Minors => [31, 32, 33, 34, 35, 36, 37, 38, 39, 40, 41, 42, 43, 44, 45];

    [Theory, MemberData(nameof(Minors))]
    public void Each_kernel_gets_its_own_minor_and_only_features_it_has(uint minor)
    {
        FuseInitIn offer = Offer(minor);
        FuseInitOut answer = default;
        FuseNegotiationOutcome outcome =
            FuseNegotiation.Settle(in offer, Options, ref answer, out FuseConnection? connection);

        Assert.Equal(FuseNegotiationOutcome.Agreed, outcome);
        Assert.Equal((7u, minor), (answer.Major, answer.Minor));
        Assert.Equal(minor, connection!.Minor);
        Assert.Equal(0u, answer.Flags & ~offer.Flags);
        Assert.Equal(0u, answer.Flags2 & ~offer.Flags2);
        Assert.True(connection.Has(FuseInitFlags.AsyncRead | FuseInitFlags.CacheSymlinks));
        Assert.Equal(minor >= 36, connection.Has(FuseInitFlags.InitExt));
        Assert.Equal(minor >= 38, connection.Has(FuseInitFlags.HasExpireOnly));
        Assert.Equal(minor >= 33, connection.Has(FuseInitFlags.HandleKillPrivV2));
        Assert.Equal(minor >= 44, connection.Has(FuseInitFlags.ReadDirPlusAuto));
        Assert.Equal(256, answer.MaxPages);
        Assert.Equal(1 << 20, connection.MaxReadBytes);
        Assert.Equal(1u << 20, answer.MaxWriteBytes);
        Assert.Equal(131072u, answer.MaxReadAheadBytes);
    }

    [Fact]
    public void A_newer_minor_gets_our_newest()
    {
        FuseInitIn offer = Offer(99);
        FuseInitOut answer = default;
        _ = FuseNegotiation.Settle(in offer, Options, ref answer, out FuseConnection? connection);
        Assert.Equal(45u, answer.Minor);
        Assert.Equal((99u, 45u), (connection!.KernelMinor, connection.Minor));
    }

    [Fact]
    public void A_newer_major_gets_ours_and_sends_INIT_again()
    {
        FuseInitIn offer = Offer(0);
        offer.Major = 8;
        FuseInitOut answer = default;
        Assert.Equal(FuseNegotiationOutcome.AskAgain,
            FuseNegotiation.Settle(in offer, Options, ref answer, out FuseConnection? connection));
        Assert.Equal((7u, 45u), (answer.Major, answer.Minor));
        Assert.Null(connection);
    }

    [Theory]
    [InlineData(7u, 30u)]
    [InlineData(7u, 0u)]
    [InlineData(6u, 99u)]
    public void An_older_kernel_is_refused(uint major, uint minor)
    {
        FuseInitIn offer = Offer(minor);
        offer.Major = major;
        FuseInitOut answer = default;
        Assert.Equal(FuseNegotiationOutcome.TooOld,
            FuseNegotiation.Settle(in offer, Options, ref answer, out FuseConnection? connection));
        Assert.Null(connection);
    }

    [Fact]
    public void The_second_word_of_flags_counts_only_when_announced()
    {
        FuseInitIn offer = Offer(40);
        offer.Flags &= ~(uint)FuseInitFlags.InitExt;
        FuseInitOut answer = default;
        _ = FuseNegotiation.Settle(in offer, Options, ref answer, out FuseConnection? connection);
        Assert.Equal(0u, answer.Flags2);
        Assert.False(connection!.Has(FuseInitFlags.HasExpireOnly));
    }

    [Theory]
    [InlineData(true, false, true, true)]
    [InlineData(true, true, false, false)]
    [InlineData(true, true, true, true)]                    // it may become writable
    [InlineData(false, false, true, false)]
    public void Mounts_that_can_be_written_are_told_of_sync_where_the_kernel_offers_that(
        bool isOffered, bool isReadOnly, bool mayBecomeWritable, bool isEnabled)
    {
        FuseSessionOptions options = Options with
        {
            Wanted = Hammer2FileSystem.Features(isReadOnly, usesWritebackCache: true, mayBecomeWritable),
        };
        FuseInitIn offer = Offer(46);
        if (isOffered) offer.Flags2 |= 1u << 11;
        FuseInitOut answer = default;
        _ = FuseNegotiation.Settle(in offer, options, ref answer, out FuseConnection? connection);
        Assert.Equal(isEnabled, (answer.Flags2 & (1u << 11)) != 0);
        Assert.Equal(isEnabled, connection!.Has(FuseInitFlags.HasSyncFs));
    }

    [Theory]
    [InlineData(4096, 4096, 4096, 1, 4096)]
    [InlineData(131072, 4096, 4096, 32, 131072)]
    [InlineData(1 << 24, 1 << 20, 4096, 256, 1 << 20)]     // no more than the kernel's own limit
    [InlineData(1 << 20, 4096, 65536, 16, 1 << 20)]        // 64 KiB pages
    [InlineData(5000, 5000, 4096, 2, 8192)]
    public void Sizes_are_whole_pages_within_the_kernels_limit(
        int read, int write, int page, int pages, int limit)
    {
        FuseSessionOptions options =
            Options with { MaxReadBytes = read, MaxWriteBytes = write, PageBytes = page };
        FuseInitIn offer = Offer(45);
        FuseInitOut answer = default;
        _ = FuseNegotiation.Settle(in offer, options, ref answer, out FuseConnection? connection);
        Assert.Equal(pages, answer.MaxPages);
        Assert.Equal(limit, connection!.MaxReadBytes);
        Assert.InRange(connection.MaxWriteBytes, 4096, limit);
    }

    [Fact]
    public void Without_max_pages_requests_are_at_most_32_pages()
    {
        FuseInitIn offer = Offer(45);
        offer.Flags &= ~(uint)FuseInitFlags.MaxPages;
        FuseInitOut answer = default;
        _ = FuseNegotiation.Settle(in offer, Options, ref answer, out FuseConnection? connection);
        Assert.Equal(0, answer.MaxPages);
        Assert.Equal(131072, connection!.MaxReadBytes);
        Assert.Equal(131072, connection.MaxWriteBytes);
    }

    // What each kernel offers, as far as it matters here: 5.11 (7.33) brought HANDLE_KILLPRIV_V2, 5.17 (7.36)
    // the second word, 6.2 (7.38) HAS_EXPIRE_ONLY.
    private static FuseInitIn Offer(uint minor)
    {
        uint flags = 0x0FFFFFFF;
        if (minor < 33) flags &= ~(uint)FuseInitFlags.HandleKillPrivV2;
        if (minor >= 33) flags |= (uint)FuseInitFlags.HandleKillPrivV2;
        if (minor >= 36) flags |= (uint)FuseInitFlags.InitExt;
        uint flags2 = minor >= 38 ? 0x3FFu : 0;
        return new FuseInitIn
        {
            Major = 7,
            Minor = minor,
            MaxReadAheadBytes = 131072,
            Flags = flags,
            Flags2 = flags2,
        };
    }
}

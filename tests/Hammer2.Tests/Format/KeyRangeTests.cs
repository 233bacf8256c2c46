// SPDX-License-Identifier: BSD-3-Clause
using FsCheck.Fluent;
using Hammer2.Format;
using Xunit;

namespace Hammer2.Tests.Format;

/// <summary>Laws of key ranges, at the ends of the key space above all.</summary>
public sealed class KeyRangeTests
{
    [Fact]
    public void A_radix_gives_a_power_of_two_keys() =>
        Law.Holds(Prop.ForAll<ulong, int>((key, drawn) =>
        {
            int bits = Math.Abs(drawn % 65);
            ulong span = bits == 64 ? ulong.MaxValue : (1UL << bits) - 1;
            bool isLegal = key + span >= key;
            return KeyRange.TryFromRadix(key, bits, out KeyRange range) == isLegal
                && (!isLegal || (range.First == key && range.Last - range.First == span));
        }));

    [Fact]
    public void The_range_around_a_key_contains_it_and_is_aligned() =>
        Law.Holds(Prop.ForAll<ulong, int>((key, drawn) =>
        {
            int bits = Math.Abs(drawn % 65);
            KeyRange range = KeyRange.Around(key, bits);
            return range.Contains(key)
                && KeyRange.TryFromRadix(range.First, bits, out KeyRange same) && same == range
                && KeyRange.Around(range.First, bits) == range && KeyRange.Around(range.Last, bits) == range;
        }));

    [Fact]
    public void Halves_meet_without_gap_or_overlap() =>
        Law.Holds(Prop.ForAll<ulong, ulong>((left, right) =>
        {
            var range = new KeyRange(Math.Min(left, right), Math.Max(left, right));
            if (!range.TryHalve(out KeyRange low, out KeyRange high)) return left == right;
            return low.First == range.First && high.Last == range.Last
                && low.TryNext(out ulong next) && next == high.First
                && !low.Overlaps(high) && range.Contains(low) && range.Contains(high);
        }));

    [Fact]
    public void Overlap_is_symmetric_and_means_a_common_key() =>
        Law.Holds(Prop.ForAll<uint, int>((ends, _) =>
        {
            (byte a, byte b, byte c, byte d) =
                ((byte)ends, (byte)(ends >> 8), (byte)(ends >> 16), (byte)(ends >> 24));
            var left = new KeyRange(Math.Min(a, b), Math.Max(a, b));
            var right = new KeyRange(Math.Min(c, d), Math.Max(c, d));
            bool hasCommon = false;
            for (ulong key = 0; key < 256; key++) hasCommon |= left.Contains(key) && right.Contains(key);
            return left.Overlaps(right) == hasCommon && right.Overlaps(left) == hasCommon;
        }));

    [Fact]
    public void The_whole_key_space_is_a_range_without_a_next_key()
    {
        Assert.True(KeyRange.TryFromRadix(0, 64, out KeyRange all));
        Assert.Equal(KeyRange.All, all);
        Assert.False(all.TryNext(out _));
        Assert.False(KeyRange.TryFromRadix(1, 64, out _));
        Assert.False(KeyRange.TryFromRadix(0, 65, out _));
        Assert.False(KeyRange.TryFromRadix(0, -1, out _));
        Assert.True(all.TryHalve(out KeyRange low, out KeyRange high));
        Assert.Equal((ulong.MaxValue / 2, Media.EntryKeyBit), (low.Last, high.First));
    }

    [Fact]
    public void Ends_in_the_wrong_order_throw() =>
        Assert.Throws<ArgumentOutOfRangeException>(() => new KeyRange(2, 1));

    [Fact]
    public void A_reference_covers_the_same_keys_as_its_range() =>
        Law.Holds(Prop.ForAll<ulong, int>((key, drawn) =>
        {
            int bits = Math.Abs(drawn % 65);
            KeyRange range = KeyRange.Around(key, bits);
            var reference = new Blockref { Key = range.First, KeyBits = (byte)bits };
            return reference.KeyEnd == range.Last;
        }));

    [Fact]
    public void A_broken_invariant_names_its_condition()
    {
        int pages = 3;
        Invariant.Holds(pages == 3);
        InvariantException broken = Assert.Throws<InvariantException>(() => Invariant.Holds(pages == 4));
        Assert.Contains("pages == 4", broken.Message, StringComparison.Ordinal);
    }
}

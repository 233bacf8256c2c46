// SPDX-License-Identifier: BSD-3-Clause
using Hammer2.Format;
using Hammer2.Vnodes;

namespace Hammer2.Tool.Files;

/// <summary>Types and permissions as ls(1) prints them.</summary>
internal static class ModeText
{
    private const uint PermissionBits = 0xFFF;

    /// <summary>Permission bits as four octal digits.</summary>
    public static string Octal(uint mode) => Convert.ToString(mode & PermissionBits, 8).PadLeft(4, '0');

    /// <summary>Ten characters: the type and the permission bits.</summary>
    public static string Symbolic(in VnodeAttributes attributes)
    {
        Span<char> text = stackalloc char[10];
        text[0] = TypeLetter(attributes.Type);
        for (int bit = 0; bit < 9; bit++)
            text[9 - bit] = (attributes.Mode >> bit & 1) == 0 ? '-' : "xwr"[bit % 3];
        Special(text, 3, (attributes.Mode & 0x800) != 0, 's');
        Special(text, 6, (attributes.Mode & 0x400) != 0, 's');
        Special(text, 9, (attributes.Mode & 0x200) != 0, 't');
        return new string(text);
    }

    /// <summary>One letter for a type.</summary>
    public static char TypeLetter(ObjectType type) => type switch
    {
        ObjectType.Directory => 'd',
        ObjectType.RegularFile => '-',
        ObjectType.SoftLink => 'l',
        ObjectType.Fifo => 'p',
        ObjectType.Socket => 's',
        ObjectType.CharacterDevice => 'c',
        ObjectType.BlockDevice => 'b',
        _ => '?',
    };

    private static void Special(Span<char> text, int at, bool isSet, char letter)
    {
        if (isSet) text[at] = text[at] == '-' ? char.ToUpperInvariant(letter) : letter;
    }
}

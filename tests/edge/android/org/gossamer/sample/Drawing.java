package org.gossamer.sample;

/**
 * Draws a bar of 8 by 40 in the corner of 112 by 112, and prints what becomes of it.
 */
public final class Drawing {
    public static void main(String[] words) {
        int side = 112;
        float[] ink = new float[side * side];
        for (int row = 5; row < 45; row++) {
            for (int column = 3; column < 11; column++) {
                ink[row * side + column] = 1;
            }
        }
        print(DigitImage.of(ink, side));
        print(DigitImage.of(new float[side * side], side));
        print(DigitImage.probabilities(new float[] {0.25f, 0.75f}));
        print(DigitImage.probabilities(new float[] {1000, 1000}));
    }

    private static void print(float[] values) {
        StringBuilder text = new StringBuilder();
        for (float value : values) {
            text.append(value).append(' ');
        }
        System.out.println(text);
    }
}
